/** What a stack is made of: how each server and service is started, and how one asks whether it is ready. */
import { join } from 'node:path';
import { questDbContainer, redisContainer } from '../servers/containers.mjs';
import { containerEngineAnswers } from '../servers/executables.mjs';
import { installQuestDb, questDbCommand, whyQuestDbIsNotReady } from '../servers/questdb.mjs';
import { installRedis, redisCommand, whyRedisIsNotReady } from '../servers/redis.mjs';
import { ensureSecrets } from '../servers/secrets.mjs';
import { nodeExecutable } from '../setup/node-executable.mjs';
import { probe } from './probe.mjs';
import { accessTo, environmentFor, foldersOf, projectRoot } from './settings.mjs';

/**
 * @typedef {import('./settings.mjs').StackSettings} StackSettings
 * @typedef {object} Member
 * @property {string} name
 * @property {readonly number[]} ports all that it listens on
 * @property {string} url
 * @property {(onLine: (line: string) => void) => import('../servers/server-process.mjs').ServerCommand} command
 * @property {() => Promise<string | undefined>} whyNotReady undefined where it is ready
 * @property {number} readyBoundMs
 * @property {boolean} [quiet] its lines go to its log only
 * @property {number} stopBoundMs how long it may take to drain
 */

/**
 * The servers that this stack owns; throws where one cannot be had, saying what to install.
 * @param {StackSettings} settings
 * @param {(line: string) => void} log
 * @returns {Member[]}
 */
export function serverMembers(settings, log) {
  const found = {
    redis: settings.ownsRedis ? installRedis({ log }) : undefined,
    questdb: settings.ownsQuestDb ? installQuestDb({ log }) : undefined,
  };
  const missing = Object.values(found).flatMap((installation) => (installation && 'missing' in installation ? [installation.missing] : []));
  if (missing.length > 0 && !containerEngineAnswers()) {
    throw new Error(`${missing.join('\n')}\nOr start a container engine: the servers then run in containers.`);
  }
  return [found.redis && redisMember(settings, found.redis), found.questdb && questDbMember(settings, found.questdb)].filter(
    (member) => member !== undefined,
  );
}

/**
 * @param {StackSettings} settings
 * @param {ReturnType<typeof installRedis>} found
 * @returns {Member}
 */
function redisMember(settings, found) {
  const { home, ports, redisUrl, redisPasswordFile } = settings;
  const place = { dir: foldersOf(home).redis, port: ports.redis, passwordFile: redisPasswordFile ?? ensureSecrets(home).redis };
  return {
    name: 'redis',
    ports: [ports.redis],
    url: redisUrl,
    command: (onLine) => ('executable' in found ? redisCommand(found, { ...place, onLine }) : redisContainer({ ...place, onLine })),
    whyNotReady: () => whyRedisIsNotReady(accessTo(settings).redis),
    readyBoundMs: 60_000,
    quiet: true,
    stopBoundMs: 10_000,
  };
}

/**
 * @param {StackSettings} settings
 * @param {ReturnType<typeof installQuestDb>} found
 * @returns {Member}
 */
function questDbMember(settings, found) {
  const { home, ports, questdbUrl, questdbPasswordFile } = settings;
  const own = ensureSecrets(home);
  const place = {
    dir: foldersOf(home).questdb,
    ports: { http: ports.questdbHttp, pg: ports.questdbPg, min: ports.questdbMin },
    secrets: { ...own, questDb: questdbPasswordFile ?? own.questDb },
  };
  return {
    name: 'questdb',
    ports: [ports.questdbHttp, ports.questdbPg, ports.questdbMin],
    url: questdbUrl,
    command: (onLine) => ('jar' in found ? questDbCommand(found, { ...place, onLine }) : questDbContainer({ ...place, onLine })),
    whyNotReady: () => whyQuestDbIsNotReady(accessTo(settings).questDb),
    readyBoundMs: 180_000,
    quiet: true,
    stopBoundMs: 60_000,
  };
}

/**
 * @param {StackSettings} settings
 * @param {import('./services.mjs').ServiceDefinition} service
 * @returns {Member}
 */
export function serviceMember(settings, { name, entry, httpPort, grpcPort }) {
  const ports = [httpPort, grpcPort].filter((port) => port !== undefined).map((port) => port + settings.portOffset);
  const url = `${settings.scheme}://${settings.host}:${httpPort + settings.portOffset}`;
  return {
    name,
    ports,
    url,
    command: (onLine) => ({
      name,
      command: nodeExecutable(),
      args: ['--enable-source-maps', join(projectRoot, entry)],
      env: environmentFor(settings),
      cwd: projectRoot,
      onLine,
    }),
    async whyNotReady() {
      const { ready, detail } = await readReport(url);
      return ready ? undefined : (detail ?? 'it says that it is not ready');
    },
    readyBoundMs: 120_000,
    stopBoundMs: 45_000,
  };
}

/** @typedef {{ version?: string, dependencies?: Record<string, { up?: boolean, detail?: string }> }} ReadyReport */

/**
 * What a service says of itself. A service that is not ready answers too, and says why.
 * @param {string} url
 * @returns {Promise<{ ready: boolean, version?: string, detail?: string }>}
 */
export async function readReport(url) {
  const { ok, text } = await probe(`${url}/health/ready`);
  const report = reportOf(text);
  const dependencies = Object.entries(report.dependencies ?? {});
  const down = dependencies.filter(([, health]) => health?.up === false).map(([name, health]) => `${name}: ${health.detail ?? 'down'}`);
  return { ready: ok, version: report.version, detail: down.join(', ') || undefined };
}

/** @param {string} text @returns {ReadyReport} */
function reportOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
