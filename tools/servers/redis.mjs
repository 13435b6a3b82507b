/** Redis, or Valkey which is the same to us: found on the path, else from Debian's packages. */
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canInstallPackages, findExecutable, installPackages, wordsOf } from './executables.mjs';
import { loopback } from './ports.mjs';
import { startProcess, waitUntilReady } from './server-process.mjs';

const configurationFile = join(dirname(fileURLToPath(import.meta.url)), '../../infra/redis/redis.conf');
const readyBoundMs = 30_000;
const stopBoundMs = 10_000;
const answerBoundMs = 2_000;
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
 * @property {readonly string[]} [args] as on its command line: `['--maxmemory', '8mb']`
 * @property {(line: string) => void} [onLine]
 * @property {NodeJS.Signals} [parentDeathSignal]
 */

/**
 * @param {{ executable: string }} installation
 * @param {RedisOptions} options
 * @returns {import('./server-process.mjs').ServerCommand}
 */
export function redisCommand({ executable }, { dir, port, args = [], onLine, parentDeathSignal }) {
  mkdirSync(dir, { recursive: true });
  return {
    name: 'redis',
    command: executable,
    args: [configurationFile, '--port', String(port), '--dir', dir, ...args],
    cwd: dir,
    onLine,
    parentDeathSignal,
  };
}

/**
 * One command over a connection of its own, and its answer as text: enough for PING and INFO without a client library.
 * @param {{ port: number, command: string }} options
 * @returns {Promise<string>}
 */
export function askRedis({ port, command }) {
  return new Promise((resolve, reject) => {
    let answer = '';
    // QUIT makes the server close the connection after its answer: the end of the stream is the end of the answer.
    const socket = connect({ port, host: loopback }, () => socket.write(`${command}\r\nQUIT\r\n`));
    socket
      .setEncoding('utf8')
      .setTimeout(answerBoundMs, () => socket.destroy(new Error(`Redis did not answer within ${answerBoundMs} ms`)));
    socket.on('data', (piece) => (answer += piece)).once('error', reject);
    socket.once('close', () => resolve(answer));
  });
}

/** @param {number} port */
export async function whyRedisIsNotReady(port) {
  const answer = await askRedis({ port, command: 'PING' });
  return answer.startsWith('+PONG') ? undefined : `Redis answers ${answer.trim()}`;
}

/**
 * Starts Redis and resolves once it answers.
 * @param {{ executable: string }} installation
 * @param {RedisOptions} options
 */
export async function launchRedis(installation, options) {
  const server = await startProcess(redisCommand(installation, options));
  try {
    await waitUntilReady(server, { whyNotReady: () => whyRedisIsNotReady(options.port), boundMs: readyBoundMs });
  } catch (error) {
    await server.kill();
    throw error;
  }
  const url = `redis://${loopback}:${options.port}`;
  return { url, pid: server.pid, exited: server.exited, stop: () => server.stop({ boundMs: stopBoundMs }), kill: server.kill };
}
