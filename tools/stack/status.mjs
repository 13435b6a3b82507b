/**
 * What runs, and how it is: `npm run stack:status`. Exit code 0: all of it is ready; 1: some of it is not; 3: nothing runs.
 */
import { pathToFileURL } from 'node:url';
import { fetchQuestDb } from '../servers/questdb.mjs';
import { askRedis } from '../servers/redis.mjs';
import { withoutCredentials } from '../servers/secrets.mjs';
import { readReport } from './members.mjs';
import { readRunFile, supervisorName } from './run-files.mjs';
import { services } from './services.mjs';
import { accessTo, foldersOf, readSettings } from './settings.mjs';
import { table } from './table.mjs';

/**
 * @typedef {object} MemberStatus
 * @property {string} name
 * @property {string} url
 * @property {number} port
 * @property {number | null} grpc_port
 * @property {number | null} pid null where this stack does not run it
 * @property {string | null} version
 * @property {'ready' | 'not_ready' | 'stopped'} health
 * @property {string | null} detail
 */

/**
 * @typedef {object} StackStatus
 * @property {string} home
 * @property {number} port_offset
 * @property {'running' | 'starting' | 'stopped'} stack
 * @property {number | null} pid of the process that watches all others
 * @property {MemberStatus[]} members
 */

/**
 * Asks everybody at once.
 * @param {import('./settings.mjs').StackSettings} settings
 * @param {readonly import('./services.mjs').ServiceDefinition[]} [definitions]
 * @returns {Promise<StackStatus>}
 */
export async function stackStatus(settings, definitions = services) {
  const { run } = foldersOf(settings.home);
  const supervisor = readRunFile(run, supervisorName);
  const access = accessTo(settings);
  const members = await Promise.all([
    memberStatus({ run, name: 'redis', url: withoutCredentials(settings.redisUrl), ask: () => redisReport(access.redis) }),
    memberStatus({ run, name: 'questdb', url: withoutCredentials(settings.questdbUrl), ask: () => questDbReport(access.questDb) }),
    ...definitions.map(({ name, httpPort, grpcPort }) => {
      const url = `${settings.scheme}://${settings.host}:${httpPort + settings.portOffset}`;
      return memberStatus({ run, name, url, grpcPort: grpcPort && grpcPort + settings.portOffset, ask: () => readReport(url) });
    }),
  ]);
  return {
    home: settings.home,
    port_offset: settings.portOffset,
    stack: supervisor === undefined ? 'stopped' : supervisor.state === 'ready' ? 'running' : 'starting',
    pid: supervisor?.pid ?? null,
    members,
  };
}

/**
 * @param {object} options
 * @param {string} options.run
 * @param {string} options.name
 * @param {string} options.url
 * @param {number} [options.grpcPort]
 * @param {() => Promise<{ ready: boolean, version?: string, detail?: string }>} options.ask
 * @returns {Promise<MemberStatus>}
 */
async function memberStatus({ run, name, url, grpcPort, ask }) {
  const pid = readRunFile(run, name)?.pid ?? null;
  const known = { name, url, port: Number(new URL(url).port), grpc_port: grpcPort ?? null, pid };
  try {
    const { ready, version, detail } = await ask();
    return { ...known, version: version ?? null, health: ready ? 'ready' : 'not_ready', detail: detail ?? null };
  } catch (error) {
    if (pid === null) return { ...known, version: null, health: 'stopped', detail: null };
    return { ...known, version: null, health: 'not_ready', detail: error instanceof Error ? error.message : String(error) };
  }
}

/** @param {string} url */
async function redisReport(url) {
  const answer = await askRedis({ url, command: 'INFO server' });
  const ready = answer.includes('redis_version');
  const version = /(?:valkey|redis)_version:(\S+)/.exec(answer)?.[1];
  return { ready, version, detail: ready ? undefined : `it answers ${answer.trim().slice(0, 200)}` };
}

/** @param {string} url */
async function questDbReport(url) {
  const response = await fetchQuestDb(url, '/exec?query=select%20build()', { signal: AbortSignal.timeout(3_000) });
  if (response.status === 401)
    return { ready: false, detail: 'it refuses the password in HINDCAST_QUESTDB_PASSWORD_FILE or HINDCAST_QUESTDB_URL' };
  const answer = /** @type {{ dataset?: string[][] }} */ (await response.json());
  const build = answer.dataset?.[0]?.[0] ?? '';
  return { ready: response.ok, version: /(\d+\.\d+\.\d+)/.exec(build)?.[1] };
}

/**
 * A table, and below it what members have to say of themselves.
 * @param {StackStatus} status
 */
export function statusTable({ members }) {
  const rows = table(
    ['what', 'health', 'where', 'pid', 'version'],
    members.map(({ name, health, url, grpc_port: grpcPort, pid, version }) => [
      name,
      health.replace('_', ' '),
      grpcPort ? `${url}, gRPC ${grpcPort}` : url,
      pid === null ? '-' : String(pid),
      version ?? '-',
    ]),
  );
  const remarks = members.filter(({ detail }) => detail !== null).map(({ name, detail }) => `  ${name}: ${detail}`);
  return remarks.length === 0 ? rows : [rows, '', ...remarks].join('\n');
}

/** @param {StackStatus} status */
export function statusExitCode({ stack, members }) {
  if (stack === 'stopped' && members.every(({ pid }) => pid === null)) return 3;
  return members.every(({ health }) => health === 'ready') ? 0 : 1;
}

async function main() {
  const status = await stackStatus(readSettings(process.env));
  if (process.argv.includes('--json')) console.log(JSON.stringify(status, null, 2));
  else console.log(`The stack in ${status.home} is ${status.stack}.\n\n${statusTable(status)}`);
  process.exitCode = statusExitCode(status);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
