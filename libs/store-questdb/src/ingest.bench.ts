/**
 * What it costs to bring trades into QuestDB: `node libs/store-questdb/dist/ingest.bench.js [--full]` prints rows a
 * second of the encoder alone, of the store until a SELECT returns the rows, and of the bare client library with the
 * same rows into the same tables, each on a server of its own, as lines of JSON for `npm run bench`. Read the ratio: rates
 * depend on the machine.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Sender } from '@questdb/nodejs-client';
import { sideNames, textAt, wordAt, type LoggedBatch, type TradeColumns } from '@hindcast/market';
import { loggedBatch, readLeanTrades, seededRandom, startQuestDb, whyNoLeanData, whyNoQuestDb, type TradeRow } from '@hindcast/testing';
import { IlpEncoder, QuestDbMigrator, QuestDbTickStore } from './index.js';

const full = process.argv.includes('--full');
const rowsMax = full ? 1_000_000 : 50_000;
const batchRows = full ? [500, 1_000, 10_000, 50_000] : [1_000];
const repeats = full ? 3 : 1;
const pollMs = 2;

type Trade = Omit<TradeRow, 'sequence'>;

/** Recorded trades where there are any, else a walk of cents: the same rows in every run. */
function trades(): readonly Trade[] {
  const constant = { market: 'usa/equity', source: 'bench', receivedAtUs: 1_700_000_000_000_000, sideInferred: true, late: false };
  if (whyNoLeanData() === undefined) {
    const symbols = full ? ['SPY', 'IBM', 'BAC', 'AIG'] : ['BAC', 'AIG'];
    const days = ['20131007', '20131008', '20131009'];
    const recorded = days.flatMap((day) =>
      symbols.flatMap((symbol) => readLeanTrades({ symbol, day }).map((trade) => ({ ...trade, symbol }))),
    );
    return recorded
      .toSorted((a, b) => a.timeUs - b.timeUs)
      .slice(0, rowsMax)
      .map((trade, row) => ({ ...constant, ...trade, id: String(2_013_100_700_000_000 + row), side: row % 2 === 0 ? 'B' : 'S' }));
  }
  const random = seededRandom(7);
  return Array.from({ length: rowsMax }, (_, row) => ({
    ...constant,
    symbol: ['SPY', 'IBM', 'BAC', 'AIG'][row % 4],
    timeUs: 1_381_152_600_000_000 + row * 1_000,
    exchange: 'PQZDB'[Math.floor(random() * 5)],
    id: String(row),
    price: 100 + Math.floor(random() * 1_000) / 100,
    size: 1 + Math.floor(random() * 500),
    side: row % 2 === 0 ? 'B' : 'S',
    conditions: '',
  }));
}

function batchesOf(rows: readonly Trade[], size: number): readonly LoggedBatch[] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, n) =>
    loggedBatch({ number: n + 1, trades: rows.slice(n * size, (n + 1) * size) }),
  );
}

/** One request ahead, as the drain writes. */
async function writeByStore(store: QuestDbTickStore, batches: readonly LoggedBatch[]): Promise<void> {
  let underWay: Promise<unknown> = Promise.resolve();
  for (const batch of batches) {
    const next = store.writeTicks([batch]);
    await underWay;
    underWay = next;
  }
  await underWay;
}

async function writeByClient(url: string, batches: readonly LoggedBatch[]): Promise<void> {
  const { host, username, password } = new URL(url);
  const access = `addr=${host};username=${username};password=${password}`;
  const sender = await Sender.fromConfig(`http::${access};auto_flush=off;protocol_version=2;max_buf_size=104857600`);
  for (const { trades: columns } of batches) {
    for (let row = 0; row < columns.length; row++) await sendRow(sender, columns, row);
    await sender.flush();
  }
  await sender.close();
}

/** As the client's own documentation writes a row. */
function sendRow(sender: Sender, columns: TradeColumns, row: number): Promise<void> {
  sender.table('trades').symbol('symbol', wordAt(columns.symbol, row)).symbol('market', wordAt(columns.market, row));
  sender.symbol('exchange', wordAt(columns.exchange, row)).symbol('side', sideNames[columns.side[row] as 0 | 1 | 2]);
  sender.symbol('source', wordAt(columns.source, row));
  const conditions = wordAt(columns.conditions, row);
  if (conditions !== '') sender.symbol('conditions', conditions);
  sender.intColumn('sequence', columns.sequence[row]).stringColumn('trade_id', textAt(columns.id, row));
  sender.floatColumn('price', columns.price[row]).floatColumn('size', columns.size[row]);
  sender.booleanColumn('side_inferred', columns.sideInferred[row] === 1).booleanColumn('late', columns.late[row] === 1);
  sender.timestampColumn('received_at', BigInt(columns.receivedAtUs[row]), 'us');
  return sender.at(BigInt(columns.timeUs[row]), 'us');
}

/** Rows a second from the first request until the last row of every batch is in a SELECT, on a server of its own. */
async function rate(
  batches: readonly LoggedBatch[],
  write: (server: { readonly url: string; readonly store: QuestDbTickStore }) => Promise<void>,
): Promise<number> {
  const server = await startQuestDb();
  const store = new QuestDbTickStore({ url: server.url });
  const migrator = new QuestDbMigrator({ url: server.url });
  try {
    await migrator.up();
    const started = performance.now();
    await write({ url: server.url, store });
    while (!(await store.areVisible(batches))) await delay(pollMs);
    const perSecondNow = perSecond(batches, started);
    const [[count]] = await server.query('SELECT count() FROM trades');
    if (count !== rowsOf(batches)) throw new Error(`trades holds ${String(count)} of ${rowsOf(batches)} rows`);
    return perSecondNow;
  } finally {
    await Promise.all([store.close(), migrator.close()]);
    await server.stop();
  }
}

function perSecond(batches: readonly LoggedBatch[], started: number): number {
  return (rowsOf(batches) * 1_000) / (performance.now() - started);
}

function rowsOf(batches: readonly LoggedBatch[]): number {
  return batches.reduce((sum, { trades: { length } }) => sum + length, 0);
}

function encoderRate(batches: readonly LoggedBatch[]): number {
  const started = performance.now();
  for (const batch of batches) new IlpEncoder().batch(batch, { streamId: 'bench' });
  return perSecond(batches, started);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function report(result: { readonly metric: string; readonly ours: number; readonly theirs?: number }): void {
  console.log(JSON.stringify({ ...result, unit: 'rows/s' }));
}

async function run(): Promise<void> {
  const rows = trades();
  console.log(`${rows.length.toLocaleString('en')} trades, visible in QuestDB; the median of ${repeats}`);
  for (const size of batchRows) {
    const batches = batchesOf(rows, size);
    const label = `${size.toLocaleString('en')} rows a request`;
    encoderRate(batches);
    report({ metric: `line protocol encoder, ${label}`, ours: median(Array.from({ length: 3 }, () => encoderRate(batches))) });
    const [byStore, byClient]: [number[], number[]] = [[], []];
    // In turns, so that a machine that gets busy slows both.
    for (let n = 0; n < repeats; n++) {
      byStore.push(await rate(batches, ({ store }) => writeByStore(store, batches)));
      byClient.push(await rate(batches, ({ url }) => writeByClient(url, batches)));
    }
    report({ metric: `tick store, visible, ${label}`, ours: median(byStore), theirs: median(byClient) });
  }
}

const reason = whyNoQuestDb();
if (reason === undefined) await run();
else console.log(`skipped: ${reason}`);
