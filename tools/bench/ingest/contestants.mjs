/**
 * Three ways of the same trades into QuestDB, each on a server of its own that was started for it. Every one counts from
 * its first row until a SELECT counts them all.
 */
import { GrpcPusher } from '@hindcast/log-grpc';
import { sideNames, textAt, wordAt } from '@hindcast/market';
import { QuestDbTickStore } from '@hindcast/store-questdb';
import { Sender } from '@questdb/nodejs-client';
import { piecesOf } from './recorded-trades.mjs';
import { fingerprintOf, freshQuestDb, freshService, untilVisible } from '../bench-servers.mjs';

/**
 * @typedef {import('./recorded-trades.mjs').RecordedTrades} RecordedTrades
 * @typedef {{ visibleMs: number, fingerprint: string }} Passage
 */

/** What one flush of the client carries: measured as its best. */
const clientFlushRows = 10_000;

/**
 * The whole way: gRPC door, admission, log, drain. With `storePaused` the store stands still until the last batch is
 * acknowledged: door and drain then run one after the other, and each is seen alone.
 * @param {RecordedTrades} trades
 * @param {import('../benches.mjs').BenchRun} run
 * @param {{ storePaused?: boolean }} [options]
 * @returns {Promise<Passage & { acknowledgedMs: number }>}
 */
export async function throughTickIngest({ batches, rows }, run, { storePaused = false } = {}) {
  const undo = run.undo.child();
  try {
    const questDb = await freshQuestDb(undo);
    const { grpcUrl } = await freshService(undo, 'tick-ingest', { questdbUrl: questDb.url, profileDir: run.profileDir });
    const pusher = new GrpcPusher({ url: grpcUrl });
    undo.add(() => pusher.close());
    if (storePaused) {
      process.kill(questDb.pid, 'SIGSTOP');
      // A process that stands still hears of its end only when it goes on.
      undo.add(() => process.kill(questDb.pid, 'SIGCONT'));
    }
    const startedMs = performance.now();
    let accepted = 0;
    for await (const { ack } of pusher.pushAll(inTurn(batches))) accepted += ack.accepted;
    const acknowledgedMs = performance.now() - startedMs;
    if (storePaused) process.kill(questDb.pid, 'SIGCONT');
    if (accepted !== rows) throw new Error(`tick-ingest accepted ${accepted} of ${rows} rows`);
    await untilVisible(questDb, rows);
    const visibleMs = performance.now() - startedMs;
    return { acknowledgedMs, visibleMs, fingerprint: await fingerprintOf(questDb) };
  } finally {
    await undo.all();
  }
}

/**
 * The bare client library, as its documentation writes rows, into tables and views of the same schema.
 * @param {RecordedTrades} trades
 * @param {import('../benches.mjs').BenchRun} run
 * @returns {Promise<Passage>}
 */
export function throughBareClient({ admitted, rows }, run) {
  return timed(rows, run, async ({ url }) => {
    const { host, username, password } = new URL(url);
    const access = `addr=${host};username=${username};password=${password}`;
    const sender = await Sender.fromConfig(`http::${access};auto_flush=off;protocol_version=2`);
    let unsent = 0;
    for (const { trades } of admitted) {
      for (let row = 0; row < trades.length; row++) {
        await sendRow(sender, trades, row);
        if (++unsent < clientFlushRows) continue;
        await sender.flush();
        unsent = 0;
      }
    }
    if (unsent > 0) await sender.flush();
    await sender.close();
  });
}

/**
 * The store's writer without a log before it, one request ahead as the drain: what the drain could reach at most.
 * @param {RecordedTrades} trades
 * @param {import('../benches.mjs').BenchRun} run
 * @returns {Promise<Passage>}
 */
export function throughWriterAlone({ admitted, rows }, run) {
  return timed(rows, run, async ({ url }) => {
    const store = new QuestDbTickStore({ url });
    let underWay = Promise.resolve();
    for (const piece of piecesOf(admitted)) {
      const written = store.writeTicks(piece).then(({ kind }) => {
        if (kind !== 'written') throw new Error('QuestDB refused a row');
      });
      await underWay;
      underWay = written;
    }
    await underWay;
    await store.close();
  });
}

/**
 * @param {number} rows
 * @param {import('../benches.mjs').BenchRun} run
 * @param {(questDb: import('../bench-servers.mjs').FreshQuestDb) => Promise<void>} write
 * @returns {Promise<Passage>}
 */
async function timed(rows, run, write) {
  const undo = run.undo.child();
  try {
    const questDb = await freshQuestDb(undo);
    const startedMs = performance.now();
    await write(questDb);
    await untilVisible(questDb, rows);
    return { visibleMs: performance.now() - startedMs, fingerprint: await fingerprintOf(questDb) };
  } finally {
    await undo.all();
  }
}

/**
 * @param {Sender} sender
 * @param {import('@hindcast/market').TradeColumns} trades
 * @param {number} row
 */
function sendRow(sender, trades, row) {
  sender.table('trades').symbol('symbol', wordAt(trades.symbol, row)).symbol('market', wordAt(trades.market, row));
  sender.symbol('exchange', wordAt(trades.exchange, row));
  const side = sideNames[/** @type {0 | 1 | 2} */ (trades.side[row])];
  if (side !== '') sender.symbol('side', side);
  sender.symbol('source', wordAt(trades.source, row));
  const conditions = wordAt(trades.conditions, row);
  if (conditions !== '') sender.symbol('conditions', conditions);
  sender.intColumn('sequence', at(trades.sequence, row)).stringColumn('trade_id', textAt(trades.id, row));
  sender.floatColumn('price', at(trades.price, row)).floatColumn('size', at(trades.size, row));
  sender.booleanColumn('side_inferred', trades.sideInferred[row] === 1).booleanColumn('late', trades.late[row] === 1);
  sender.timestampColumn('received_at', at(trades.receivedAtUs, row), 'us');
  return sender.at(at(trades.timeUs, row), 'us');
}

/** @param {Float64Array} column @param {number} row */
function at(column, row) {
  return /** @type {number} */ (column[row]);
}

/**
 * @template T
 * @param {readonly T[]} values
 */
async function* inTurn(values) {
  yield* values;
}
