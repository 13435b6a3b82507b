/** The one list of benches: what each measures, whether it can run here, and how. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../servers/cache-folder.mjs';
import { findQuestDb } from '../servers/questdb.mjs';
import { findRedis } from '../servers/redis.mjs';
import { whyNoRecordedTrades } from './ingest/recorded-trades.mjs';
import { runIngestBench } from './ingest/ingest-bench.mjs';
import { runPushBench } from './push/push-bench.mjs';
import { runReadsBench } from './reads/reads-bench.mjs';
import { runBroadcastBench } from './broadcast/broadcast-bench.mjs';
import { runLatencyBench } from './latency/latency-bench.mjs';
import { runLibraryBench } from './library-bench.mjs';
import { runSimulatedDay } from './standalone/simulated-day.mjs';
import { doorBesideEmbedding } from './standalone/door-beside-embedding.mjs';
import { standaloneSize } from './standalone/standalone-size.mjs';
import { standaloneIngest } from './standalone/standalone-ingest.mjs';
import { standaloneReads } from './standalone/standalone-reads.mjs';
import { runBuildsBench } from './moments/builds-bench.mjs';
import { runMomentsBench } from './moments/moments-bench.mjs';
import { runMemoryBench, whyNoMemoryBench } from './memory/memory-bench.mjs';

/**
 * @typedef {'small' | 'usual' | 'full'} Size small proves in seconds that a bench still runs; full repeats what varies
 * @typedef {object} BenchRun
 * @property {Size} size
 * @property {import('./undo.mjs').Undo} undo whatever is started or made is given back here, so that Ctrl-C leaves nothing
 * @property {AbortSignal} signal aborted when somebody stops the run
 * @property {string} [profileDir] where the services under test leave CPU profiles
 * @property {(line: string) => void} say progress, for people
 * @typedef {object} Bench
 * @property {string} id a letter, by which the page and people call it
 * @property {string} name
 * @property {string} title its heading on the page
 * @property {string} measures
 * @property {() => string | undefined} whyNot undefined where it can run
 * @property {(run: BenchRun) => Promise<import('./figure.mjs').Figure[]>} run
 */

const modelDirectory = join(cacheFolder(process.env), 'minilm-int8');

/** @type {readonly Bench[]} */
export const benches = Object.freeze([
  {
    id: 'a',
    name: 'ingest',
    title: 'Ingest, end to end',
    measures: 'recorded trades from the gRPC door to rows visible in QuestDB, beside the bare @questdb/nodejs-client',
    whyNot: () => missing(findQuestDb()) ?? missing(findRedis()) ?? whyNoRecordedTrades(),
    run: runIngestBench,
  },
  {
    id: 'b',
    name: 'push',
    title: 'Ticks acknowledged',
    measures: 'ticks a second on disk and acknowledged, by door and size of batch, with and without the drain',
    whyNot: () => missing(findQuestDb()) ?? missing(findRedis()),
    run: runPushBench,
  },
  {
    id: 'c',
    name: 'latency',
    title: 'From a trade to its state',
    measures: 'the whole stack at fixed rates: from the intended sending of the trade that closes a bar until a subscriber has the state',
    whyNot: () => missing(findQuestDb()) ?? missing(findRedis()),
    run: runLatencyBench,
  },
  {
    id: 'd',
    name: 'physics',
    title: 'States',
    measures: 'one-second states of an instrument, and the memory of its window',
    whyNot: () => undefined,
    run: library('libs/physics/dist/physics.bench.js'),
  },
  {
    id: 'e',
    name: 'embedding',
    title: 'Embedding',
    measures: 'sentences a second in the worker thread, beside the bare pipeline',
    whyNot: () => (existsSync(modelDirectory) ? undefined : 'the embedding model is not there yet (npm run setup)'),
    run: library('libs/embedder-minilm/dist/minilm.bench.js', modelDirectory),
  },
  {
    id: 'f',
    name: 'search',
    title: 'Similar moments',
    measures: 'the five most similar states, beside the bare LanceDB',
    whyNot: () => undefined,
    run: library('libs/store-lance/dist/vector-search.bench.js'),
  },
  {
    id: 'm',
    name: 'moments',
    title: 'Moments alike',
    measures: 'recall and times of the nearest moments by filter and k, beside the bare LanceDB, DuckDB and STUMPY',
    whyNot: () => undefined,
    run: runMomentsBench,
  },
  {
    id: 'n',
    name: 'builds',
    title: 'Moments built',
    measures: 'moments a second that a build of a memory makes in two threads, from ticks in memory and from recorded ones in DuckDB files',
    whyNot: () => undefined,
    run: runBuildsBench,
  },
  {
    id: 'g',
    name: 'broadcast',
    title: 'To subscribers',
    measures: 'updates to a hundred WebSocket subscribers: how many a second, and how soon',
    whyNot: () => missing(findQuestDb()) ?? missing(findRedis()),
    run: runBroadcastBench,
  },
  {
    id: 'h',
    name: 'reads',
    title: 'Range reads',
    measures: 'recorded trades out of market-data by format, beside the exports of QuestDB itself',
    whyNot: () => missing(findQuestDb()) ?? missing(findRedis()) ?? whyNoRecordedTrades(),
    run: runReadsBench,
  },
  {
    id: 'i',
    name: 'memory',
    title: 'Memory',
    measures: 'memory of each process under a steady load, and its growth; ten minutes with --full',
    whyNot: () => whyNoMemoryBench() ?? missing(findQuestDb()) ?? missing(findRedis()),
    run: runMemoryBench,
  },
  {
    id: 'r',
    name: 'replay',
    title: 'Replays',
    measures: 'states a second told at max, beside a rebuild of the same trades that keeps nothing, and the time of a seek',
    whyNot: () => undefined,
    run: library('apps/market-physics/dist/replay/replay.bench.js'),
  },
  {
    id: 's',
    name: 'store',
    title: 'The tick store alone',
    measures: 'trades into QuestDB through the tick store alone, beside the bare @questdb/nodejs-client',
    whyNot: () => missing(findQuestDb()),
    run: library('libs/store-questdb/dist/ingest.bench.js'),
  },
  {
    id: 't',
    name: 'embedded',
    title: 'The embedded tick store alone',
    measures: 'trades into and out of one DuckDB file an instrument, beside bare DuckDB: its chunk appender, its scans, its own bars',
    whyNot: () => undefined,
    run: library('libs/store-duckdb/dist/embedded-store.bench.js'),
  },
  {
    id: 'u',
    name: 'standalone',
    title: 'One process: ingest',
    measures: 'ticks through a standalone process, door to visible, beside the bare chunk appender of DuckDB',
    whyNot: () => undefined,
    run: standaloneIngest,
  },
  {
    id: 'v',
    name: 'standalone-reads',
    title: 'One process: range reads',
    measures: 'recorded trades out of a standalone process as Arrow over HTTP, and their one-minute bars',
    whyNot: () => undefined,
    run: standaloneReads,
  },
  {
    id: 'w',
    name: 'size',
    title: 'One process: memory and start',
    measures: 'memory of a standalone process by number of instruments, and how soon it is ready and has a state when started again',
    whyNot: whyNoMemoryBench,
    run: standaloneSize,
  },
  {
    id: 'x',
    name: 'door',
    title: 'One process: the doors beside embedding',
    measures: 'the time of small requests while the model embeds, beside a process that has nothing to embed',
    whyNot: () => (existsSync(modelDirectory) ? undefined : 'the embedding model is not there yet (npm run setup)'),
    run: doorBesideEmbedding,
  },
  {
    id: 'y',
    name: 'day',
    title: 'One process: hours of a simulated market',
    measures: 'simulated hours of a hundred symbols as fast as they go in, with retention; eight of them with --full',
    whyNot: whyNoMemoryBench,
    run: runSimulatedDay,
  },
]);

/** @param {object} installation */
function missing(installation) {
  return 'missing' in installation ? String(installation.missing) : undefined;
}

/**
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {Bench['run']}
 */
function library(script, ...args) {
  return ({ size, undo, say }) => runLibraryBench({ script, args: size === 'small' ? args : [...args, '--full'], undo, say });
}
