/**
 * Ticks a second that tick-ingest acknowledges, which is: has on disk. First with the drain running, until every row is visible
 * in QuestDB; then, on the same log, in a burst while the store stands still, as it does when the market has its busiest
 * seconds. New ticks of a hundred symbols in every message; whatever is not taken fails the bench.
 */
import { freshQuestDb, freshService, untilVisible } from '../bench-servers.mjs';
import { underLoad } from './under-load.mjs';

/**
 * @typedef {import('../benches.mjs').BenchRun} BenchRun
 * @typedef {import('../figure.mjs').Figure} Figure
 * @typedef {object} Case
 * @property {'grpc' | 'json'} door
 * @property {number} batchRows
 * @property {number} rateMax ticks/s that are prepared: more than it reaches
 * @property {string} [spec001]
 * @property {Figure['goal']} [goal] of the burst
 */

/** @type {readonly Case[]} */
const cases = [
  { door: 'grpc', batchRows: 1, rateMax: 5_000 },
  { door: 'grpc', batchRows: 100, rateMax: 200_000 },
  { door: 'grpc', batchRows: 1_000, rateMax: 1_200_000, goal: { ours: 1_000_000 } },
  { door: 'grpc', batchRows: 10_000, rateMax: 1_200_000 },
  { door: 'json', batchRows: 1, rateMax: 10_000, spec001: '200 rows/s (5 ms each)' },
  { door: 'json', batchRows: 1_000, rateMax: 300_000, spec001: '20,000 rows/s' },
];
const burstMs = 10_000;
const sustainedMs = 5_000;
const smallMs = 2_000;
/** As four feeds, each with what the door takes before it stops reading. */
const streams = 4;
const windowMax = 32;

/**
 * @param {BenchRun} run
 * @returns {Promise<Figure[]>}
 */
export async function runPushBench(run) {
  const figures = [];
  // A server's start is most of a small run: one case a door.
  for (const one of run.size === 'small' ? cases.filter(({ batchRows }) => batchRows === 1_000) : cases) {
    if (run.signal.aborted) break;
    figures.push(...(await throughDoor(one, run)));
  }
  return figures;
}

/**
 * @param {Case} one
 * @param {BenchRun} run
 * @returns {Promise<Figure[]>}
 */
async function throughDoor({ door, batchRows, rateMax, goal, spec001 }, run) {
  const undo = run.undo.child();
  try {
    const questDb = await freshQuestDb(undo);
    const logRowsMax = (rateMax * (burstMs + sustainedMs)) / 1_000;
    const env = { HINDCAST_LOG_ROWS_MAX: String(Math.max(4_194_304, logRowsMax)) };
    const service = await freshService(undo, 'tick-ingest', { questdbUrl: questDb.url, profileDir: run.profileDir, env });
    const url = door === 'grpc' ? service.grpcUrl : service.httpUrl;
    const isSmall = run.size === 'small';
    const loadOf = (/** @type {number} */ firstTick, /** @type {number} */ durationMs) => ({
      ...{ door, url, batchRows, streams, windowMax, firstTick },
      durationMs: isSmall ? smallMs : durationMs,
      ticksMax: Math.ceil((rateMax * (isSmall ? smallMs : durationMs)) / 1_000),
    });
    const label = `${door === 'grpc' ? 'Arrow over gRPC' : 'JSON over HTTP'}, ${batchRows.toLocaleString('en')} a batch`;
    const untilDone = (/** @type {number} */ sent) => untilVisible(questDb, sent);
    const passage = await underLoad(undo, service.pid, loadOf(0, sustainedMs), { untilDone });
    const hold = () => {
      process.kill(questDb.pid, 'SIGSTOP');
      undo.add(() => process.kill(questDb.pid, 'SIGCONT'));
    };
    const burst = await underLoad(undo, service.pid, loadOf(passage.sent, burstMs), { before: hold });
    const sustained = (passage.sent * 1_000) / passage.wholeMs;
    const rate = (burst.acknowledged * 1_000) / burst.elapsedMs;
    const cores = `cores: service ${burst.serviceCores.toFixed(2)}, sender ${burst.senderCores.toFixed(2)}`;
    run.say(
      `${label}: ${Math.round(rate).toLocaleString('en')}/s in the burst (${cores}), ${Math.round(sustained).toLocaleString('en')}/s until visible`,
    );
    return [
      { metric: `${label}, burst, on disk and acknowledged`, ours: rate, unit: 'ticks/s', goal, spec001, notes: cores },
      { metric: `${label}, with the drain, until visible`, ours: sustained, unit: 'ticks/s', spec001 },
    ];
  } finally {
    await undo.all();
  }
}
