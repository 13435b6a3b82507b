/** The one process that `npm start` runs: where it lies, how it is started, and how one asks it. */
import { join, resolve } from 'node:path';
import { readSecret } from '../servers/secrets.mjs';
import { nodeExecutable } from '../setup/node-executable.mjs';
import { readReport } from './members.mjs';
import { readRunFile, supervisorName } from './run-files.mjs';
import { standalonePorts } from './services.mjs';
import { projectRoot, readSettings } from './settings.mjs';

export const processName = 'standalone';

/** What V8 makes of the sources is kept, so that the next start need not compile them again: a third of its time. */
const compileCache = join(projectRoot, 'node_modules/.cache/hindcast/compiled');

/**
 * @typedef {object} StandaloneSettings
 * @property {string} home absolute
 * @property {string} url
 * @property {string} grpc
 * @property {readonly number[]} ports
 * @property {{ run: string, logs: string }} folders
 * @property {string} log the file
 * @property {number} restartDelayMaxMs
 * @property {string | undefined} apiKey what our own calls carry, where it stands in the environment
 * @property {string | undefined} certificate the file of the one that its doors show, where they speak TLS
 */

/**
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {StandaloneSettings}
 */
export function readStandaloneSettings(env) {
  // The other variables are about servers that are not there, or the process itself has words for them.
  const { HINDCAST_HOME, HINDCAST_PORT_OFFSET, HINDCAST_RESTART_DELAY_MAX_MS, HINDCAST_TLS_CERT_FILE, HINDCAST_BIND } = env;
  const { home, portOffset, scheme, host, restartDelayMaxMs } = readSettings({
    HINDCAST_HOME,
    HINDCAST_PORT_OFFSET,
    HINDCAST_RESTART_DELAY_MAX_MS,
    HINDCAST_TLS_CERT_FILE,
    HINDCAST_BIND,
  });
  const ports = [standalonePorts.http + portOffset, standalonePorts.grpc + portOffset];
  const logs = join(home, 'logs');
  return Object.freeze({
    home,
    url: `${scheme}://${host}:${ports[0]}`,
    grpc: `${host}:${ports[1]}`,
    ports,
    // A stack in the same home ends whatever is recorded beside it and has no supervisor any more.
    folders: { run: join(home, 'run', processName), logs },
    log: join(logs, `${processName}.log`),
    restartDelayMaxMs,
    certificate: HINDCAST_TLS_CERT_FILE ? resolve(projectRoot, HINDCAST_TLS_CERT_FILE) : undefined,
    apiKey: env.HINDCAST_API_KEY || (env.HINDCAST_API_KEY_FILE && readSecret(resolve(projectRoot, env.HINDCAST_API_KEY_FILE))) || undefined,
  });
}

/**
 * @param {StandaloneSettings} settings
 * @param {object} options
 * @param {Readonly<Record<string, string>>} options.env beside that of whoever starts it
 * @param {(line: string) => void} options.onSaid each line of its log
 * @returns {import('./members.mjs').Member}
 */
export function standaloneMember({ home, url, ports }, { env, onSaid }) {
  return {
    name: processName,
    ports,
    url,
    command: (onLine) => ({
      name: processName,
      command: nodeExecutable(),
      args: [join(projectRoot, 'apps/standalone/dist/main.js')],
      // Whoever types one command must see a market move.
      env: {
        HINDCAST_FEED: process.env.HINDCAST_FEED || 'auto',
        HINDCAST_HOME: home,
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? compileCache,
        ...env,
      },
      cwd: projectRoot,
      onLine(line) {
        onSaid(line);
        onLine(line);
      },
    }),
    async whyNotReady() {
      const { ready, detail } = await readReport(url);
      return ready ? undefined : (detail ?? 'it says that it is not ready');
    },
    readyBoundMs: 120_000,
    quiet: true,
    stopBoundMs: 60_000,
  };
}

/**
 * @typedef {object} StandaloneStatus
 * @property {string} home
 * @property {'running' | 'starting' | 'not_ready' | 'stopped'} state
 * @property {number | null} pid of the process that watches it, which is the one to signal
 * @property {string} url
 * @property {string | null} version
 * @property {string | null} detail
 */

/**
 * @param {StandaloneSettings} settings
 * @returns {Promise<StandaloneStatus>}
 */
export async function standaloneStatus({ home, url, folders }) {
  const supervisor = readRunFile(folders.run, supervisorName);
  const known = { home, url, pid: supervisor?.pid ?? null, version: null, detail: null };
  if (supervisor === undefined) return { ...known, state: 'stopped' };
  if (supervisor.state !== 'ready') return { ...known, state: 'starting' };
  try {
    const { ready, version, detail } = await readReport(url);
    return { ...known, version: version ?? null, detail: detail ?? null, state: ready ? 'running' : 'not_ready' };
  } catch (error) {
    return { ...known, state: 'not_ready', detail: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Why it ended, in one sentence: the last line that it logged before, where that says so.
 * @param {string | undefined} line
 * @returns {string | undefined}
 */
export function reasonIn(line) {
  try {
    const { level, err } = JSON.parse(line ?? '');
    return level === 'fatal' && typeof err?.message === 'string' ? [err.code, err.message].filter(Boolean).join(': ') : undefined;
  } catch {
    return undefined;
  }
}
