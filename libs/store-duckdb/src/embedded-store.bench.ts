/**
 * What the embedded store costs beside DuckDB alone: `node libs/store-duckdb/dist/embedded-store.bench.js [--full]` prints
 * rows a second written and read, bytes a trade, bars, memory and start-up as lines of JSON for `npm run bench`. Every piece
 * is on disk before the next one goes. Read the ratio: rates depend on the machine, and most of all on its disk.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instrument, LoggedBatch } from '@hindcast/market';
import { loggedBatch, readLeanTrades, seededRandom, whyNoLeanData, type TradeRow } from '@hindcast/testing';
import { BareDuckDb } from './bare-duckdb.bench.js';
import { DuckDbTickStore } from './index.js';
import type { StagedRows } from './staged-rows.js';
import { TickPiece } from './tick-piece.js';

const full = process.argv.includes('--full');
const rowsMax = full ? 1_100_000 : 50_000;
const repeats = full ? 3 : 1;
const batchRows = 1_000;
/** What tick-ingest sends at once by default, and what it sends where one process does all. */
const pieceRows = full ? [50_000, 250_000] : [50_000];
const market = 'usa/equity';

type Trade = Omit<TradeRow, 'sequence'>;

/** Recorded trades of one stock where there are any, else a walk of cents: the same rows in every run. */
function trades(): readonly Trade[] {
  const constant = { market, symbol: 'SPY', source: 'bench', receivedAtUs: 1_700_000_000_000_000, sideInferred: true, late: false };
  const side = (row: number) => (row % 2 === 0 ? ('B' as const) : ('S' as const));
  if (whyNoLeanData() === undefined) {
    const recorded = ['20131007', '20131008', '20131009'].flatMap((day) => readLeanTrades({ symbol: 'SPY', day }));
    return recorded
      .slice(0, rowsMax)
      .map((trade, row) => ({ ...constant, ...trade, id: String(2_013_100_700_000_000 + row), side: side(row) }));
  }
  const random = seededRandom(7);
  let cents = 10_000;
  return Array.from({ length: rowsMax }, (_, row) => ({
    ...constant,
    timeUs: 1_381_152_600_000_000 + Math.floor(row / 2) * 20_000,
    exchange: 'PQZDB'[Math.floor(random() * 5)],
    id: String(2_013_100_700_000_000 + row),
    price: (cents += Math.floor(random() * 3) - 1) / 100,
    size: 100 * (1 + Math.floor(random() * 5)),
    side: side(row),
    conditions: '',
  }));
}

const symbolOf = (at: number): Instrument => ({ market, symbol: `S${at}` });

/** The trades dealt out to so many instruments, as batches. */
function batchesOf(rows: readonly Trade[], instruments: number): readonly LoggedBatch[] {
  return Array.from({ length: Math.ceil(rows.length / batchRows) }, (_, n) => {
    const some = rows.slice(n * batchRows, (n + 1) * batchRows);
    return loggedBatch({ number: n + 1, trades: some.map((row, at) => ({ ...row, ...symbolOf((n * batchRows + at) % instruments) })) });
  });
}

function piecesOf(batches: readonly LoggedBatch[], rows: number): readonly (readonly LoggedBatch[])[] {
  const size = rows / batchRows;
  return Array.from({ length: Math.ceil(batches.length / size) }, (_, n) => batches.slice(n * size, (n + 1) * size));
}

async function inFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'hindcast-bench-'));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Rows a second until the last piece is on disk. */
function ourRate(pieces: readonly (readonly LoggedBatch[])[], instruments: number): Promise<number> {
  return inFolder(async (dir) => {
    const store = await DuckDbTickStore.open({ dir });
    // As theirs, the files are there before it begins.
    await store.writeStates(
      Array.from({ length: instruments }, (_, at) => ({ ...someState, ...symbolOf(at) })),
      'live',
    );
    const ms = await elapsedMs(async () => {
      // One piece ahead, as the drain writes.
      let underWay: Promise<unknown> = Promise.resolve();
      for (const piece of pieces) {
        const next = store.writeTicks(piece);
        await underWay;
        underWay = next;
      }
      await underWay;
    });
    const rows = (await store.counts()).reduce((sum, cell) => sum + cell.rows, 0);
    if (rows !== rowsOf(pieces.flat())) throw new Error(`the store holds ${rows} of ${rowsOf(pieces.flat())} rows`);
    await store.close();
    return (rows * 1_000) / ms;
  });
}

/** The same pieces in the same commits, from columns that are sorted by instrument already. */
async function bareRate(pieces: readonly (readonly LoggedBatch[])[], instruments: number): Promise<number> {
  const ready: (readonly StagedRows[])[] = pieces.map((piece) => stagedByInstrument(piece, instruments));
  return inFolder(async (dir) => {
    const bare = await BareDuckDb.open(dir, instruments);
    const ms = await elapsedMs(async () => {
      for (const piece of ready) for (const [file, rows] of piece.entries()) await bare.write(file, rows);
    });
    await bare.close();
    return (rowsOf(pieces.flat()) * 1_000) / ms;
  });
}

function stagedByInstrument(batches: readonly LoggedBatch[], instruments: number): readonly StagedRows[] {
  const piece = new TickPiece();
  for (const batch of batches) piece.add(batch, undefined);
  return Array.from({ length: instruments }, (_, at) => piece.instruments.get(`${market} S${at}`)?.trades).filter(
    (rows) => rows !== undefined,
  );
}

async function writing(rows: readonly Trade[]): Promise<void> {
  for (const instruments of [1, 100]) {
    const batches = batchesOf(rows, instruments);
    for (const size of pieceRows) {
      const pieces = piecesOf(batches, size);
      const [ours, theirs]: [number[], number[]] = [[], []];
      // In turns, so that a machine that gets busy slows both.
      for (let n = 0; n < repeats; n++) {
        ours.push(await ourRate(pieces, instruments));
        theirs.push(await bareRate(pieces, instruments));
      }
      const label = `${instruments} instrument${instruments === 1 ? '' : 's'}, ${size.toLocaleString('en')} rows a piece`;
      report({ metric: `trades on disk, ${label}`, ours: median(ours), theirs: median(theirs), unit: 'rows/s' });
    }
  }
}

async function reading(rows: readonly Trade[]): Promise<void> {
  const batches = batchesOf(rows, 1);
  await inFolder(async (dir) => {
    const store = await DuckDbTickStore.open({ dir });
    for (const piece of piecesOf(batches, 250_000)) await store.writeTicks(piece);
    await store.close();
    const path = join(dir, ...market.split('/'), 'S0', 'trading.duckdb');
    report({ metric: 'a trade on disk, all columns', ours: (await stat(path)).size / rows.length, unit: 'bytes', better: 'less' });
  });
  await inFolder(async (dir) => {
    const store = await DuckDbTickStore.open({ dir });
    const bare = await BareDuckDb.open(await mkdtemp(join(tmpdir(), 'hindcast-bench-')), 1);
    for (const piece of piecesOf(batches, 250_000)) {
      await store.writeTicks(piece);
      await bare.write(0, stagedByInstrument(piece, 1)[0]);
    }
    const range = { ...symbolOf(0), fromUs: 0, toUs: Number.MAX_SAFE_INTEGER };
    const reads = await inTurns(
      async () => {
        let read = 0;
        for await (const piece of store.trades(range)) read += piece.length;
        return read;
      },
      () => bare.read(),
    );
    if (reads.read !== rows.length) throw new Error(`${reads.read} of ${rows.length} rows were read`);
    const perSecond = (ms: number): number => (rows.length * 1_000) / ms;
    report({
      metric: 'trades read, all columns, in order',
      ours: perSecond(reads.oursMs),
      theirs: perSecond(reads.theirsMs),
      unit: 'rows/s',
    });
    const bars = await inTurns(
      async () => {
        let read = 0;
        for await (const page of store.bars(range, '1m')) read += page.length;
        return read;
      },
      () => bare.bars(),
    );
    const label = `one-minute bars of ${rows.length.toLocaleString('en')} trades`;
    report({ metric: label, ours: bars.oursMs, theirs: bars.theirsMs, unit: 'ms', better: 'less' });
    await bare.close();
    await store.close();
  });
}

/** The median of each, after one run that does not count; both must find the same number of rows. */
async function inTurns(
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
): Promise<{ readonly oursMs: number; readonly theirsMs: number; readonly read: number }> {
  const [times, theirTimes]: [number[], number[]] = [[], []];
  const [read, theirRead] = [await ours(), await theirs()];
  if (read !== theirRead) throw new Error(`we found ${read} and DuckDB ${theirRead}`);
  for (let n = 0; n < 2 * repeats + 1; n++) {
    times.push(await elapsedMs(ours));
    theirTimes.push(await elapsedMs(theirs));
  }
  return { oursMs: median(times), theirsMs: median(theirTimes), read };
}

/** Few rows each: what an instrument costs when it does little. */
async function manyInstruments(rows: readonly Trade[]): Promise<void> {
  for (const instruments of full ? [1, 100, 1_000] : [1, 100]) {
    const batches = batchesOf(rows.slice(0, 20 * instruments), instruments);
    await inFolder(async (dir) => {
      global.gc?.();
      const before = process.memoryUsage().rss;
      const store = await DuckDbTickStore.open({ dir });
      await store.writeTicks(batches);
      const label = `${instruments.toLocaleString('en')} instrument${instruments === 1 ? '' : 's'}`;
      const grown = (process.memoryUsage().rss - before) / 1e6;
      report({ metric: `memory, ${label}, 200 files open at most`, ours: grown, unit: 'MB', better: 'less' });
      await store.close();
      const ms = await elapsedMs(async () => {
        const again = await DuckDbTickStore.open({ dir });
        await again.highestSequence();
        await again.close();
      });
      report({ metric: `opened, every file looked into, and closed, ${label}`, ours: ms, unit: 'ms', better: 'less' });
    });
  }
}

const someState = {
  timeUs: 0,
  mass: 0.5,
  velocity: 0,
  momentum: 0,
  friction: 1,
  entropy: 0,
  nashDistance: 0,
  alphaCoefficient: null,
  regime: 'WAIT',
  price: 100,
  volume: 0,
  signedVolume: 0,
  trades: 0,
} as const;

function rowsOf(batches: readonly LoggedBatch[]): number {
  return batches.reduce((sum, { trades: { length } }) => sum + length, 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

interface Figure {
  readonly metric: string;
  readonly ours: number;
  readonly theirs?: number;
  readonly unit: string;
  readonly better?: 'less';
  readonly goal?: { readonly ratio: number } | { readonly ours: number };
}

function report(figure: Figure): void {
  console.log(JSON.stringify(figure));
}

const rows = trades();
console.log(`${rows.length.toLocaleString('en')} trades; the median of ${repeats}`);
await manyInstruments(rows);
await writing(rows);
await reading(rows);
