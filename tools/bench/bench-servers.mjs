/** Servers of the bench's own: fresh, in temporary folders, on free ports, with the stack's configuration. */
import { QuestDbHttp, QuestDbMigrator } from '@hindcast/store-questdb';
import { freePorts, isPortFree } from '../servers/ports.mjs';
import { findQuestDb, launchQuestDb } from '../servers/questdb.mjs';
import { findRedis, launchRedis } from '../servers/redis.mjs';
import { startProcess, waitUntilReady } from '../servers/server-process.mjs';
import { serviceMember } from '../stack/members.mjs';
import { services } from '../stack/services.mjs';
import { readSettings } from '../stack/settings.mjs';

const visiblePollMs = 5;
const visibleBoundMs = 600_000;
const portOffsetsTried = 50;
/** Ports from 32,768 on are handed out by the system to whoever connects. */
const offsetsBelowSystems = 14_000;

/**
 * A QuestDB with every table and view of the migrations, and no row.
 * @param {import('./undo.mjs').Undo} undo
 */
export async function freshQuestDb(undo) {
  const installation = findQuestDb();
  if ('missing' in installation) throw new Error(installation.missing);
  const [http, pg, min] = /** @type {[number, number, number]} */ (await freePorts(3));
  const { url, pid, stop } = await launchQuestDb(installation, { dir: undo.folder(), ports: { http, pg, min } });
  undo.add(stop);
  const migrator = new QuestDbMigrator({ url });
  await migrator.up();
  await migrator.close();
  const client = new QuestDbHttp({ url });
  undo.add(() => client.close());
  return { url, pid, client };
}

/** @typedef {Awaited<ReturnType<typeof freshQuestDb>>} FreshQuestDb */

/**
 * A Redis with nothing in it.
 * @param {import('./undo.mjs').Undo} undo
 */
export async function freshRedis(undo) {
  const redis = findRedis();
  if ('missing' in redis) throw new Error(redis.missing);
  const [port] = /** @type {[number]} */ (await freePorts(1));
  const { url, stop } = await launchRedis(redis, { dir: undo.folder(), port });
  undo.add(stop);
  return { url };
}

/**
 * @typedef {object} ServiceOptions
 * @property {string} questdbUrl
 * @property {string} [redisUrl] a Redis of its own where none is named
 * @property {string} [profileDir] where it leaves CPU profiles
 * @property {Readonly<Record<string, string>>} [env] further settings
 */

/**
 * A service as the stack starts it, on ports and in a folder of its own.
 * @param {import('./undo.mjs').Undo} undo
 * @param {string} name
 * @param {ServiceOptions} options
 */
export async function freshService(undo, name, { questdbUrl, redisUrl, profileDir, env = {} }) {
  const service = services.find((candidate) => candidate.name === name);
  if (service === undefined) throw new Error(`the stack has no ${name}`);
  const { httpPort, grpcPort = httpPort } = service;
  const portOffset = await freeOffset([...new Set([httpPort, grpcPort])]);
  const settings = readSettings({
    HINDCAST_HOME: undo.folder(),
    HINDCAST_PORT_OFFSET: String(portOffset),
    HINDCAST_QUESTDB_URL: questdbUrl,
    HINDCAST_REDIS_URL: redisUrl ?? (await freshRedis(undo)).url,
  });
  const member = serviceMember(settings, service);
  const command = member.command(() => undefined);
  const profiling = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
  const server = await startProcess({ ...command, args: [...profiling, ...command.args], env: { ...command.env, ...env } });
  undo.add(() => server.stop({ boundMs: member.stopBoundMs }));
  await waitUntilReady(server, { whyNotReady: member.whyNotReady, boundMs: member.readyBoundMs });
  return { httpUrl: member.url, grpcUrl: `127.0.0.1:${grpcPort + portOffset}`, pid: server.pid };
}

/** An offset with which these ports are all free. @param {readonly number[]} ports */
export async function freeOffset(ports) {
  for (let attempt = 0; attempt < portOffsetsTried; attempt++) {
    const offset = 10_000 + Math.floor(Math.random() * offsetsBelowSystems);
    const areFree = await Promise.all(ports.map((port) => isPortFree(port + offset)));
    if (areFree.every(Boolean)) return offset;
  }
  throw new Error(`no free ports for a service in ${portOffsetsTried} attempts`);
}

/**
 * Resolves when a SELECT counts all the rows.
 * @param {FreshQuestDb} questDb
 * @param {number} rows
 */
export async function untilVisible({ client }, rows) {
  const deadlineMs = performance.now() + visibleBoundMs;
  for (;;) {
    const [[count] = []] = await client.query('SELECT count() FROM trades');
    if (count === rows) return;
    if (Number(count) > rows) throw new Error(`trades holds ${count} rows, more than the ${rows} that were sent`);
    if (performance.now() > deadlineMs) throw new Error(`trades holds ${count} of ${rows} rows after ${visibleBoundMs / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, visiblePollMs));
  }
}

/**
 * What the table holds, in few numbers: two tables of the same rows have the same, and hardly any others. Of sequences their count: which
 * batch of the log a row comes in depends on which requests waited for one commit.
 * @param {FreshQuestDb} questDb
 */
export async function fingerprintOf({ client }) {
  const rows = await client.query(
    `SELECT symbol, market, exchange, side, source, conditions, count(), min(timestamp), max(timestamp), count_distinct(sequence),
       sum(cast(round(price * 10000, 0) AS LONG)), sum(cast(size AS LONG)), sum(cast(trade_id AS LONG)),
       sum(cast(side_inferred AS INT)), sum(cast(late AS INT))
     FROM trades ORDER BY symbol, market, exchange, side, source, conditions`,
  );
  return JSON.stringify(rows);
}
