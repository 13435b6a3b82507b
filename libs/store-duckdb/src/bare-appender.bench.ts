/**
 * What DuckDB's chunk appender takes when nothing stands before it: `node bare-appender.bench.js INSTRUMENTS ROWS PIECE_ROWS`
 * prints rows a second on disk, a line of JSON, for benches that hold a whole way against it. Columns are ready in memory
 * and sorted by instrument before the clock starts; a commit is what one instrument has of one piece.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constantColumn, emptyQuotes, emptyTrades, type TradeColumns } from '@hindcast/market';
import { BareDuckDb } from './bare-duckdb.bench.js';
import type { StagedRows } from './staged-rows.js';
import { TickPiece } from './tick-piece.js';

const [instruments, rows, pieceRows] = process.argv.slice(2).map(Number);
const batchRows = 10_000;
const idDigits = 10;
const nothing = { source: 'bench', receivedAtUs: 0, slackUs: 0, quotes: emptyQuotes, marks: [], rejected: [] };

/** Made-up trades number `first` and on, of the instruments in turn. */
function someTrades(first: number, count: number): TradeColumns {
  const numbers = Array.from({ length: count }, (_, row) => first + row);
  const text = numbers.map((n) => 10 ** (idDigits - 1) + n).join('');
  return {
    ...emptyTrades,
    length: count,
    timeUs: Float64Array.from(numbers, (n) => 1_704_153_600_000_000 + 20 * n),
    symbol: {
      codes: Uint16Array.from(numbers, (n) => n % instruments),
      values: Array.from({ length: instruments }, (_, n) => `SYM${n}`),
    },
    sequence: Float64Array.from(numbers, (n) => 65_536 + n),
    market: constantColumn('bench/synthetic', count),
    exchange: { codes: Uint16Array.from(numbers, (n) => scattered(n) % 5), values: ['P', 'Q', 'Z', 'D', 'B'] },
    id: { offsets: Int32Array.from({ length: count + 1 }, (_, row) => row * idDigits), bytes: new TextEncoder().encode(text) },
    price: Float64Array.from(numbers, (n) => (10_000 + (scattered(n) % 100)) / 100),
    size: Float64Array.from(numbers, (n) => 1 + (scattered(n) % 500)),
    side: Uint8Array.from(numbers, (n) => 1 + (n % 2)),
    sideInferred: new Uint8Array(count).fill(1),
    late: new Uint8Array(count),
    receivedAtUs: new Float64Array(count).fill(1_704_153_600_000_000),
    source: constantColumn('bench', count),
    conditions: constantColumn('', count),
  };
}

/** Knuth's multiplicative hash: neighbours get numbers far apart. */
function scattered(n: number): number {
  return Math.imul(n, 2_654_435_761) >>> 8;
}

/** One piece, by instrument. */
function stagedPiece(first: number): readonly StagedRows[] {
  const piece = new TickPiece();
  for (let from = first; from < Math.min(first + pieceRows, rows); from += batchRows) {
    const trades = someTrades(from, Math.min(batchRows, rows - from));
    piece.add({ ...nothing, number: 1 + from / batchRows, trades }, undefined);
  }
  return [...piece.instruments.values()].map(({ trades }) => trades);
}

const pieces = Array.from({ length: Math.ceil(rows / pieceRows) }, (_, n) => stagedPiece(n * pieceRows));
const bare = await BareDuckDb.open(await mkdtemp(join(tmpdir(), 'hindcast-bench-')), instruments);
const startedMs = performance.now();
for (const piece of pieces) for (const [file, staged] of piece.entries()) await bare.write(file, staged);
const elapsedMs = performance.now() - startedMs;
await bare.close();
console.log(JSON.stringify({ metric: 'bare chunk appender', ours: (rows * 1_000) / elapsedMs, unit: 'rows/s' }));
