/** What the environment says about a stack: the same variables, defaults and rules as in the services' own config. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { basePorts, loopback } from '../servers/ports.mjs';
import { questDbUser, readSecret, secretFilesOf, withCredentials } from '../servers/secrets.mjs';
import { services } from './services.mjs';
import { defaultBackOff } from './supervised.mjs';

export const projectRoot = fileURLToPath(new URL('../../', import.meta.url));

const highestBasePort = Math.max(...Object.values(basePorts), ...services.flatMap(({ httpPort, grpcPort = 0 }) => [httpPort, grpcPort]));
export const portOffsetMax = 65_535 - highestBasePort;
const restartDelayMaxMs = 600_000;

/**
 * @typedef {object} StackSettings
 * @property {string} home absolute
 * @property {number} portOffset
 * @property {{ redis: number, questdbHttp: number, questdbPg: number, questdbMin: number }} ports with the offset
 * @property {string} questdbUrl
 * @property {string} redisUrl
 * @property {string | undefined} questdbPasswordFile absent where the URL of somebody else's server stands for itself
 * @property {string | undefined} redisPasswordFile likewise
 * @property {boolean} ownsQuestDb false where HINDCAST_QUESTDB_URL names a server of somebody else's
 * @property {boolean} ownsRedis likewise
 * @property {number} restartDelayMaxMs how long the supervisor waits at most before it starts again who keeps ending
 * @property {'http' | 'https'} scheme of the services' doors
 * @property {string} host where they are called: the address that they listen on, as it stands in a URL
 */

/**
 * Reads the environment; throws one error that names every bad variable.
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {StackSettings}
 */
export function readSettings(env) {
  const faults = [
    offsetFault(env.HINDCAST_PORT_OFFSET),
    urlFault('HINDCAST_QUESTDB_URL', env, ['http:']),
    urlFault('HINDCAST_REDIS_URL', env, ['redis:', 'rediss:']),
    delayFault(env.HINDCAST_RESTART_DELAY_MAX_MS),
    secondPasswordFault('QUESTDB', env),
    secondPasswordFault('REDIS', env),
    ownKeyFault(env),
  ];
  const said = faults.filter((fault) => fault !== undefined);
  if (said.length > 0) throw new Error(said.join('; '));
  const portOffset = Number(env.HINDCAST_PORT_OFFSET || 0);
  const ports = {
    redis: basePorts.redis + portOffset,
    questdbHttp: basePorts.questdbHttp + portOffset,
    questdbPg: basePorts.questdbPg + portOffset,
    questdbMin: basePorts.questdbMin + portOffset,
  };
  const home = resolve(projectRoot, env.HINDCAST_HOME || '.hindcast');
  const secrets = secretFilesOf(home);
  return Object.freeze({
    home,
    portOffset,
    ports,
    questdbUrl: env.HINDCAST_QUESTDB_URL || `http://${loopback}:${ports.questdbHttp}`,
    redisUrl: env.HINDCAST_REDIS_URL || `redis://${loopback}:${ports.redis}`,
    questdbPasswordFile: passwordFile(env.HINDCAST_QUESTDB_PASSWORD_FILE, env.HINDCAST_QUESTDB_URL ? undefined : secrets.questDb),
    redisPasswordFile: passwordFile(env.HINDCAST_REDIS_PASSWORD_FILE, env.HINDCAST_REDIS_URL ? undefined : secrets.redis),
    ownsQuestDb: !env.HINDCAST_QUESTDB_URL,
    ownsRedis: !env.HINDCAST_REDIS_URL,
    restartDelayMaxMs: Number(env.HINDCAST_RESTART_DELAY_MAX_MS || defaultBackOff.maxMs),
    scheme: env.HINDCAST_TLS_CERT_FILE ? 'https' : 'http',
    host: hostOf(env.HINDCAST_BIND || loopback),
  });
}

/**
 * What every service of the stack finds in its environment: where the passwords lie, not what they are.
 * @param {StackSettings} settings
 */
export function environmentFor({ home, portOffset, questdbUrl, redisUrl, questdbPasswordFile, redisPasswordFile }) {
  return {
    HINDCAST_HOME: home,
    HINDCAST_PORT_OFFSET: String(portOffset),
    HINDCAST_QUESTDB_URL: questdbUrl,
    HINDCAST_QUESTDB_PASSWORD_FILE: questdbPasswordFile,
    HINDCAST_REDIS_URL: redisUrl,
    HINDCAST_REDIS_PASSWORD_FILE: redisPasswordFile,
  };
}

/**
 * The URLs of the servers with user and password in them: to connect with, never to print. Before a stack was started
 * for the first time there are no passwords yet, and nobody to ask.
 * @param {StackSettings} settings
 * @returns {{ questDb: string, redis: string }}
 */
export function accessTo({ questdbUrl, redisUrl, questdbPasswordFile, redisPasswordFile }) {
  return {
    questDb: completed(questdbUrl, { user: questDbUser, passwordFile: questdbPasswordFile }),
    redis: completed(redisUrl, { user: 'default', passwordFile: redisPasswordFile }),
  };
}

/**
 * @param {string} url
 * @param {{ user: string, passwordFile: string | undefined }} access
 */
function completed(url, { user, passwordFile: file }) {
  return file !== undefined && existsSync(file) ? withCredentials(url, { user, password: readSecret(file) }) : url;
}

/**
 * Where a stack keeps what; all below HINDCAST_HOME.
 * @param {string} home
 */
export function foldersOf(home) {
  return { run: join(home, 'run'), logs: join(home, 'logs'), questdb: join(home, 'questdb'), redis: join(home, 'redis') };
}

/**
 * As `completed` of libs/service-kit's config has it: where doors listen on every address, they listen on the loopback too.
 * @param {string} bind
 */
function hostOf(bind) {
  const host = bind.includes(':') ? `[${bind}]` : bind;
  const isWildcard = URL.canParse(`http://${host}`) && ['0.0.0.0', '[::]'].includes(new URL(`http://${host}`).hostname);
  return isWildcard ? loopback : host;
}

/**
 * @param {string | undefined} given
 * @param {string | undefined} own
 */
function passwordFile(given, own) {
  return given ? resolve(projectRoot, given) : own;
}

/** @param {string | undefined} value */
function offsetFault(value) {
  if (!value || (/^\d{1,5}$/.test(value) && Number(value) <= portOffsetMax)) return undefined;
  return `HINDCAST_PORT_OFFSET is "${value}", allowed is a whole number from 0 to ${portOffsetMax}`;
}

/** @param {string | undefined} value */
function delayFault(value) {
  if (!value || (/^\d{4,6}$/.test(value) && Number(value) <= restartDelayMaxMs)) return undefined;
  return `HINDCAST_RESTART_DELAY_MAX_MS is "${value}", allowed is a whole number from 1000 to ${restartDelayMaxMs}`;
}

/**
 * Services call one another, and the doors of one that asks for keys ask its neighbours too.
 * @param {Readonly<Record<string, string | undefined>>} env
 */
function ownKeyFault({ HINDCAST_API_KEYS: keys, HINDCAST_API_KEY: own, HINDCAST_API_KEY_FILE: file }) {
  if (!keys || own || file) return undefined;
  return 'HINDCAST_API_KEY or HINDCAST_API_KEY_FILE is missing: with HINDCAST_API_KEYS the services send one another a key, made by `hindcast keys new --name services --rights read,write`';
}

/**
 * @param {string} name
 * @param {Readonly<Record<string, string | undefined>>} env
 * @param {readonly string[]} protocols
 */
function urlFault(name, env, protocols) {
  const value = env[name];
  if (!value || (URL.canParse(value) && protocols.includes(new URL(value).protocol))) return undefined;
  return `${name} is not a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
}

/**
 * Two passwords of which one is ignored would be looked for in the wrong place for a long time.
 * @param {'QUESTDB' | 'REDIS'} server
 * @param {Readonly<Record<string, string | undefined>>} env
 */
function secondPasswordFault(server, env) {
  const [urlName, fileName] = [`HINDCAST_${server}_URL`, `HINDCAST_${server}_PASSWORD_FILE`];
  const url = env[urlName] ?? '';
  if (!env[fileName] || !URL.canParse(url) || new URL(url).password === '') return undefined;
  return `${fileName} is set although ${urlName} has a password in it: leave one of them out`;
}
