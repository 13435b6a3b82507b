/** Redis, or Valkey which is the same to us: found on the path, else from Debian's packages. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canInstallPackages, findExecutable, installPackages, wordsOf } from './executables.mjs';
import { loopback } from './ports.mjs';
import { ensureSecrets, readSecret, redisUserLine, withCredentials } from './secrets.mjs';
import { startProcess, waitUntilReady } from './server-process.mjs';

const configurationFile = join(dirname(fileURLToPath(import.meta.url)), '../../infra/redis/redis.conf');
const readyBoundMs = 30_000;
const stopBoundMs = 10_000;
const answerBoundMs = 2_000;
const defaultPort = 6379;
const whatToInstall = 'Redis or Valkey is not on the PATH (Debian: apt-get install redis-server; macOS: brew install redis)';

/**
 * Only looks; takes about a millisecond.
 * @returns {{ executable: string } | { missing: string }}
 */
export function findRedis() {
  const executable = findExecutable(['redis-server', 'valkey-server']);
  return executable === undefined ? { missing: whatToInstall } : { executable };
}

/**
 * @param {{ log: (line: string) => void }} options
 * @returns {{ executable: string } | { missing: string }}
 */
export function installRedis({ log }) {
  const found = findRedis();
  if ('executable' in found || !canInstallPackages()) return found;
  log("installing redis-server from Debian's packages");
  try {
    installPackages(['redis-server']);
  } catch (error) {
    return { missing: `${whatToInstall}, and apt-get failed: ${wordsOf(error)}` };
  }
  return findRedis();
}

/**
 * @typedef {object} RedisOptions
 * @property {string} dir its working folder; made where it is missing
 * @property {number} port
 * @property {string} passwordFile
 * @property {readonly string[]} [args] as on its command line: `['--maxmemory', '8mb']`
 * @property {(line: string) => void} [onLine]
 * @property {NodeJS.Signals} [parentDeathSignal]
 */

/**
 * @param {{ executable: string }} installation
 * @param {RedisOptions} options
 * @returns {import('./server-process.mjs').ServerCommand}
 */
export function redisCommand({ executable }, { dir, port, passwordFile, args = [], onLine, parentDeathSignal }) {
  mkdirSync(dir, { recursive: true });
  const users = join(dir, 'users.acl');
  rmSync(users, { force: true });
  writeFileSync(users, redisUserLine(readSecret(passwordFile)), { mode: 0o600 });
  return {
    name: 'redis',
    command: executable,
    args: [configurationFile, '--port', String(port), '--dir', dir, '--aclfile', users, ...args],
    cwd: dir,
    onLine,
    parentDeathSignal,
  };
}

/**
 * One command over a connection of its own, and its answer as text: enough for PING and INFO without a client library.
 * @param {{ url: string, command: string }} options the URL with the password where there is one
 * @returns {Promise<string>}
 */
export function askRedis({ url, command }) {
  const { hostname, port, username, password } = new URL(url);
  const credentials = ['AUTH', username || 'default', password].map(decodeURIComponent);
  const greeting = password === '' ? '' : asCommand(credentials);
  return new Promise((resolve, reject) => {
    let answer = '';
    // QUIT makes the server close the connection after its answer: the end of the stream is the end of the answer.
    const socket = connect({ port: Number(port || defaultPort), host: hostname }, () => socket.write(`${greeting}${command}\r\nQUIT\r\n`));
    socket
      .setEncoding('utf8')
      .setTimeout(answerBoundMs, () => socket.destroy(new Error(`Redis did not answer within ${answerBoundMs} ms`)));
    socket.on('data', (piece) => (answer += piece)).once('error', reject);
    socket.once('close', () => resolve(greeting === '' ? answer : answer.replace(/^\+OK\r\n/, '')));
  });
}

/** A command as an array of strings with their lengths: whatever a password holds, it stays one word. @param {readonly string[]} words */
function asCommand(words) {
  return [`*${words.length}`, ...words.flatMap((word) => [`$${Buffer.byteLength(word)}`, word]), ''].join('\r\n');
}

/** @param {string} url */
export async function whyRedisIsNotReady(url) {
  const answer = await askRedis({ url, command: 'PING' });
  return answer.startsWith('+PONG') ? undefined : `Redis answers ${answer.trim()}`;
}

/**
 * Starts Redis with a password of its own, in its folder, and resolves once it answers.
 * @param {{ executable: string }} installation
 * @param {Omit<RedisOptions, 'passwordFile'>} options
 */
export async function launchRedis(installation, options) {
  const { redis: passwordFile } = ensureSecrets(options.dir);
  const url = withCredentials(`redis://${loopback}:${options.port}`, { user: 'default', password: readSecret(passwordFile) });
  const server = await startProcess(redisCommand(installation, { ...options, passwordFile }));
  try {
    await waitUntilReady(server, { whyNotReady: () => whyRedisIsNotReady(url), boundMs: readyBoundMs });
  } catch (error) {
    await server.kill();
    throw error;
  }
  return { url, pid: server.pid, exited: server.exited, stop: () => server.stop({ boundMs: stopBoundMs }), kill: server.kill };
}
