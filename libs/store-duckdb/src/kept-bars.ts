import type { DuckDBConnection } from '@duckdb/node-api';
import { askRows } from './ask-rows.js';
import { joinBars, type JoinableBar } from './bar-fold.js';
import { ChunkWriter } from './chunk-writer.js';
import type { RangeReading } from './range-reading.js';
import { timeLiteral, whole } from './sql.js';
import { StagedRows } from './staged-rows.js';
import { barLayout } from './table-layouts.js';

/** Bars of one page. */
const pageRowsMax = 8_192;

const barSelect = [
  'epoch_us(timestamp)::DOUBLE',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'notional',
  'buy_volume',
  'sell_volume',
  'trades::DOUBLE',
  'epoch_us(open_at)::DOUBLE',
  'open_sequence::DOUBLE',
  'epoch_us(close_at)::DOUBLE',
  'close_sequence::DOUBLE',
].join(', ');

/** Bars of one interval that begin within a range. */
export interface BarSpan {
  readonly intervalUs: number;
  readonly fromUs: number;
  readonly toUs: number;
}

/** What dropped trades have left, in order, page by page. */
export async function* keptBars(reading: RangeReading, { intervalUs, fromUs, toUs }: BarSpan): AsyncGenerator<readonly JoinableBar[]> {
  let nextUs = fromUs;
  for (;;) {
    const span = { intervalUs, fromUs: nextUs, toUs };
    const page = (await reading((reader, { file }) => askBars(reader, file.table('bar_rows'), span, pageRowsMax))) ?? [];
    if (page.length > 0) yield page;
    if (page.length < pageRowsMax) return;
    nextUs = page[page.length - 1].startUs + 1;
  }
}

/** Adds bars to those that are kept, inside a transaction of the file's writer. */
export class KeptBars {
  readonly #chunks = new ChunkWriter();

  /** In order, at least one. */
  async add(writer: DuckDBConnection, intervalUs: number, bars: readonly JoinableBar[]): Promise<void> {
    const span = { intervalUs, fromUs: bars[0].startUs, toUs: bars[bars.length - 1].startUs + 1 };
    const kept = new Map((await askBars(writer, 'bar_rows', span)).map((bar) => [bar.startUs, bar]));
    const joined = new Map(kept);
    for (const bar of bars) {
      const before = kept.get(bar.startUs);
      joined.set(bar.startUs, before ? joinBars(before, bar) : bar);
    }
    if (kept.size > 0) await writer.run(`DELETE FROM bar_rows WHERE ${conditionOf(span)}`);
    await this.#chunks.append(
      writer,
      staged(
        intervalUs,
        [...joined.values()].toSorted((a, b) => a.startUs - b.startUs),
      ),
    );
  }
}

async function askBars(connection: DuckDBConnection, table: string, span: BarSpan, limit?: number): Promise<readonly JoinableBar[]> {
  const rows = await askRows<number[]>(
    connection,
    `SELECT ${barSelect} FROM ${table} WHERE ${conditionOf(span)} ORDER BY timestamp${limit === undefined ? '' : ` LIMIT ${whole(limit)}`}`,
  );
  return rows.map(([startUs, open, high, low, close, volume, notional, buyVolume, sellVolume, trades, ...ends]) => {
    const [openUs, openSequence, closeUs, closeSequence] = ends;
    const sums = { volume, notional, buyVolume, sellVolume, trades };
    return { startUs, open, high, low, close, ...sums, openUs, openSequence, closeUs, closeSequence };
  });
}

function conditionOf({ intervalUs, fromUs, toUs }: BarSpan): string {
  return `interval_us = ${whole(intervalUs)} AND timestamp >= ${timeLiteral(fromUs)} AND timestamp < ${timeLiteral(toUs)}`;
}

function staged(intervalUs: number, bars: readonly JoinableBar[]): StagedRows {
  const rows = new StagedRows(barLayout);
  rows.reserve(bars.length);
  const [interval, time, open, high, low, close, volume, notional, buy, sell, trades, openAt, openSequence, closeAt, closeSequence] =
    rows.columns;
  for (const bar of bars) {
    const at = rows.length++;
    interval.setWhole(at, intervalUs);
    time.setWhole(at, bar.startUs);
    open.values[at] = bar.open;
    high.values[at] = bar.high;
    low.values[at] = bar.low;
    close.values[at] = bar.close;
    volume.values[at] = bar.volume;
    notional.values[at] = bar.notional;
    buy.values[at] = bar.buyVolume;
    sell.values[at] = bar.sellVolume;
    trades.setWhole(at, bar.trades);
    openAt.setWhole(at, bar.openUs);
    openSequence.setWhole(at, bar.openSequence);
    closeAt.setWhole(at, bar.closeUs);
    closeSequence.setWhole(at, bar.closeSequence);
  }
  return rows;
}
