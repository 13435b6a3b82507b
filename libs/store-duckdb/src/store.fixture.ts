import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instrument, LoggedBatch } from '@hindcast/market';
import { loggedBatch, tradeRowsOf, type TradeRow } from '@hindcast/testing';
import { DuckDbTickStore, type DuckDbTickStoreOptions } from './index.js';

export const startUs = 1_381_152_600_000_000;

/** A store in a folder of its own, which can be closed and opened again. */
export class StoreWorld {
  readonly dir: string;
  store: DuckDbTickStore;
  readonly #options: Omit<DuckDbTickStoreOptions, 'dir'>;

  private constructor(dir: string, store: DuckDbTickStore, options: Omit<DuckDbTickStoreOptions, 'dir'>) {
    this.dir = dir;
    this.store = store;
    this.#options = options;
  }

  static async create(options: Omit<DuckDbTickStoreOptions, 'dir'> = {}): Promise<StoreWorld> {
    const dir = await mkdtemp(join(tmpdir(), 'hindcast-duckdb-'));
    return new StoreWorld(dir, await DuckDbTickStore.open({ dir, ...options }), options);
  }

  async reopen(): Promise<void> {
    await this.store.close();
    await this.reopenClosed();
  }

  async reopenClosed(): Promise<void> {
    this.store = await DuckDbTickStore.open({ dir: this.dir, ...this.#options });
  }

  async remove(): Promise<void> {
    await this.store.close();
    await rm(this.dir, { recursive: true });
  }

  fileOf({ market, symbol }: Instrument): string {
    return join(this.dir, ...market.split('/'), symbol, 'trading.duckdb');
  }

  async trades(instrument: Instrument): Promise<readonly TradeRow[]> {
    const rows: TradeRow[] = [];
    for await (const piece of this.store.trades(everything(instrument))) rows.push(...tradeRowsOf(piece));
    return rows;
  }
}

export function everything({ market, symbol }: Instrument) {
  return { market, symbol, fromUs: 0, toUs: 4_000_000_000_000_000 };
}

/** Trades a millisecond apart; what is not given is the same for all. */
export function trades(instrument: Instrument, rows: readonly Partial<TradeRow>[]): Omit<TradeRow, 'sequence'>[] {
  return rows.map((row, at) => ({
    ...instrument,
    timeUs: startUs + at * 1_000,
    exchange: 'P',
    id: String(at),
    receivedAtUs: 1_700_000_000_000_000,
    source: 'test',
    conditions: '',
    price: 100,
    size: 1,
    side: 'B',
    sideInferred: false,
    late: false,
    ...row,
  }));
}

export function batchOf(number: number, instruments: readonly Instrument[], rowsOfEach: number): LoggedBatch {
  const rows = Array.from({ length: rowsOfEach }, (_, at) => ({
    id: `${number}${String(at).padStart(6, '0')}`,
    timeUs: startUs + number * 1e6 + at,
  }));
  return loggedBatch({ number, trades: instruments.flatMap((instrument) => trades(instrument, rows)) });
}

export const hundredInstruments: readonly Instrument[] = Array.from({ length: 100 }, (_, at) => ({
  market: 'usa/equity',
  symbol: `S${at}`,
}));
/** Of each instrument. */
export const hundredBatchRows = 20;

export function hundredBatch(number: number): LoggedBatch {
  return batchOf(number, hundredInstruments, hundredBatchRows);
}
