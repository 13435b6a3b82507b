import type { DuckDBConnection } from '@duckdb/node-api';
import { dayUs } from '@hindcast/contracts';
import type { BarInterval } from '@hindcast/ports';
import { askRows } from './ask-rows.js';
import type { AttachedFile } from './attached-file.js';
import { BarFold, barTrades, barTradeSelect, intervalsUs, type BarTrades, type JoinableBar } from './bar-fold.js';
import { barTradesAtOnce } from './bar-reader.js';
import type { InstrumentFile, InstrumentFiles } from './instrument-files.js';
import { KeptBars } from './kept-bars.js';
import { isOfOneFile } from './outages.js';
import { readInOrder } from './range-reading.js';
import { literal, timeLiteral, whole } from './sql.js';

/** How long rows are kept after their event time, by table; what is not named is kept for ever. */
export interface Retention {
  readonly tradesMs?: number;
  readonly quotesMs?: number;
  readonly statesMs?: number;
  /** Counted from when they were received. */
  readonly rejectedMs?: number;
  /** Bars that are kept when their trades are dropped; those of trades that are there are always there. */
  readonly barsMs?: Readonly<Partial<Record<BarInterval, number>>>;
}

export const keepEverything: Retention = {};

const quarterHourMs = 15 * 60_000;

/** The short memory of specification 003, for a machine that trades and does not look back. */
export const shortMemory: Retention = {
  tradesMs: quarterHourMs,
  quotesMs: quarterHourMs,
  barsMs: { '1s': quarterHourMs, '1m': quarterHourMs, '1h': 4 * quarterHourMs, '1d': 4 * quarterHourMs },
};

export interface RetentionRun {
  readonly nowUs: number;
  /** Rows of later batches stay: their log may send them again, and they would not be known then. */
  readonly throughSequence: number;
}

export interface DroppedRows {
  readonly trades: number;
  readonly quotes: number;
  readonly states: number;
  readonly rejected: number;
}

const intervals = Object.keys(intervalsUs) as BarInterval[];

/**
 * Drops what is older than it is to be kept, one file after the other and one day of it after the other, so that writers
 * wait for one short transaction at most. Trades leave their bars behind. DuckDB uses the room again and gives back what
 * lies at a file's end, so that a file is as large as its fullest days.
 */
export class RetentionWorker {
  readonly #files: InstrumentFiles;
  readonly #storeFile: AttachedFile;
  readonly #retention: Retention;
  readonly #bars = new KeptBars();

  constructor(parts: { readonly files: InstrumentFiles; readonly storeFile: AttachedFile; readonly retention: Retention }) {
    this.#files = parts.files;
    this.#storeFile = parts.storeFile;
    this.#retention = parts.retention;
  }

  async run(run: RetentionRun): Promise<DroppedRows> {
    const dropped = { trades: 0, quotes: 0, states: 0, rejected: await this.#rejected(run) };
    for (const instrument of await this.#files.list()) {
      const ofFile = await this.#files.use(instrument, (file) => this.#file(file, run)).catch(leaveOut);
      dropped.trades += ofFile?.trades ?? 0;
      dropped.quotes += ofFile?.quotes ?? 0;
      dropped.states += ofFile?.states ?? 0;
    }
    return dropped;
  }

  async #file(file: InstrumentFile, run: RetentionRun): Promise<Omit<DroppedRows, 'rejected'>> {
    const { tradesMs, quotesMs, statesMs } = this.#retention;
    const trades = await this.#ticks(file, 'trades', cutoffUs(run, tradesMs), run);
    const quotes = await this.#ticks(file, 'quotes', cutoffUs(run, quotesMs), run);
    const states = await dropOlder(file.file, 'state_rows', 'timestamp', cutoffUs(run, statesMs));
    await this.#oldBars(file.file, run);
    // Otherwise the room is given back when the file next grows.
    if (trades + quotes + states > 0) await file.file.maintain((writer) => writer.run('CHECKPOINT'));
    return { trades, quotes, states };
  }

  /** Ticks before the cutoff, a UTC day in each transaction. */
  async #ticks(file: InstrumentFile, kind: 'trades' | 'quotes', beforeUs: number, { throughSequence }: RetentionRun): Promise<number> {
    const table = kind === 'trades' ? 'trade_rows' : 'quote_rows';
    if (beforeUs <= 0) return 0;
    const isOld = `timestamp < ${timeLiteral(beforeUs)} AND sequence <= ${whole(throughSequence)}`;
    const days = await file.file.maintain((writer) =>
      askRows<[number]>(
        writer,
        `SELECT DISTINCT (epoch_us(timestamp) // ${dayUs})::DOUBLE AS day FROM ${table} WHERE ${isOld} ORDER BY day`,
      ),
    );
    let dropped = 0;
    for (const [day] of days) {
      const span = { fromUs: day * dayUs, toUs: Math.min((day + 1) * dayUs, beforeUs) };
      const isOfDay = `${isOld} AND timestamp >= ${timeLiteral(span.fromUs)} AND timestamp < ${timeLiteral(span.toUs)}`;
      await file.file.write(async (writer) => {
        if (kind === 'trades') await this.#keepBars(file, writer, span, throughSequence);
        const { rowsChanged } = await writer.run(`DELETE FROM ${table} WHERE ${isOfDay}`);
        const values = `${literal(kind)}, DATE '1970-01-01' + ${whole(day)}, ${whole(rowsChanged)}`;
        await writer.run(`INSERT INTO retired VALUES (${values})`);
        dropped += rowsChanged;
        return undefined;
      });
    }
    return dropped;
  }

  async #keepBars(
    file: InstrumentFile,
    writer: DuckDBConnection,
    { fromUs, toUs }: { readonly fromUs: number; readonly toUs: number },
    throughSequence: number,
  ): Promise<void> {
    const folds = intervals.map((interval) => new BarFold(intervalsUs[interval]));
    const trades = readInOrder<BarTrades>((ask) => ask(writer, file), {
      table: 'trade_rows',
      select: barTradeSelect,
      range: { ...file.instrument, fromUs, toUs },
      only: `sequence <= ${whole(throughSequence)}`,
      rowsMax: barTradesAtOnce,
      take: (columns) => Promise.resolve(barTrades(columns)),
      cut: (piece) => piece,
    });
    for await (const piece of trades) folds[0].add(piece);
    folds[0].finish();
    let bars: readonly JoinableBar[] = folds[0].take();
    for (const [at, interval] of intervals.entries()) {
      if (at > 0) {
        folds[at].addBars(bars);
        folds[at].finish();
        bars = folds[at].take();
      }
      if (bars.length > 0) await this.#bars.add(writer, intervalsUs[interval], bars);
    }
  }

  async #oldBars(file: AttachedFile, run: RetentionRun): Promise<void> {
    for (const interval of intervals) {
      // A bar is as old as its end: before that, trades still come to it.
      const beforeUs = cutoffUs(run, this.#retention.barsMs?.[interval]) - intervalsUs[interval] + 1;
      if (beforeUs > 0) await dropOlder(file, 'bar_rows', 'timestamp', beforeUs, `interval_us = ${whole(intervalsUs[interval])}`);
    }
  }

  async #rejected(run: RetentionRun): Promise<number> {
    const beforeUs = cutoffUs(run, this.#retention.rejectedMs);
    return dropOlder(this.#storeFile, 'rejected_ticks', 'received_at', beforeUs, `sequence <= ${whole(run.throughSequence)}`);
  }
}

/** A file that cannot be used keeps what it has until it is mended; the others go on. */
function leaveOut(error: unknown): undefined {
  if (!isOfOneFile(error)) throw error;
  return undefined;
}

/** Rows that retention has dropped, by day: they were stored, and the ledger says so. */
export async function retiredOf(
  reader: DuckDBConnection,
  table: string,
): Promise<readonly { readonly kind: string; readonly day: string; readonly rows: number }[]> {
  const rows = await askRows<[string, string, number]>(
    reader,
    `SELECT table_name, strftime(day, '%Y-%m-%d') AS of_day, sum(dropped)::DOUBLE FROM ${table} GROUP BY ALL ORDER BY of_day`,
  );
  return rows.map(([kind, day, dropped]) => ({ kind, day, rows: dropped }));
}

async function dropOlder(file: AttachedFile, table: string, column: string, beforeUs: number, also = 'true'): Promise<number> {
  if (beforeUs <= 0) return 0;
  let dropped = 0;
  await file.write(async (writer) => {
    const result = await writer.run(`DELETE FROM ${table} WHERE ${column} < ${timeLiteral(beforeUs)} AND ${also}`);
    dropped = result.rowsChanged;
    return undefined;
  });
  return dropped;
}

function cutoffUs({ nowUs }: RetentionRun, keptMs: number | undefined): number {
  return keptMs === undefined ? 0 : Math.max(0, nowUs - keptMs * 1_000);
}
