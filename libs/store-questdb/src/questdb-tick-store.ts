import { HindcastError } from '@hindcast/contracts';
import type { BestQuotes, Instrument, LoggedBatch, QuoteColumns, TradeColumns } from '@hindcast/market';
import type { PhysicsState, StateMode } from '@hindcast/physics';
import type {
  BarInterval,
  BarRow,
  InstrumentSummary,
  NewestTrade,
  QuoteRange,
  StateRow,
  StoreCount,
  StoreHealth,
  TickRange,
  TickStore,
  WriteOptions,
  WriteOutcome,
} from '@hindcast/ports';
import { QuestDbHttp, type QuestDbHttpOptions } from './questdb-http.js';
import { readHealth } from './questdb-health.js';
import { QuestDbSchema } from './questdb-schema.js';
import { QuestDbStateStore } from './questdb-state-store.js';
import { QuestDbTickReader } from './questdb-tick-reader.js';
import { QuestDbTickWriter } from './questdb-tick-writer.js';

/**
 * The tick store on QuestDB, in one place for whoever needs all of it. Nothing connects before the first call; every
 * call fails with a code where the server is away, and works again when it is back.
 */
export class QuestDbTickStore implements TickStore {
  readonly #http: QuestDbHttp;
  readonly #writer: QuestDbTickWriter;
  readonly #reader: QuestDbTickReader;
  readonly #states: QuestDbStateStore;

  constructor(options: QuestDbHttpOptions) {
    this.#http = new QuestDbHttp(options);
    const schema = new QuestDbSchema(this.#http);
    this.#writer = new QuestDbTickWriter(this.#http, schema);
    this.#reader = new QuestDbTickReader(this.#http);
    this.#states = new QuestDbStateStore(this.#http, schema);
  }

  writeTicks(batches: readonly LoggedBatch[], options?: WriteOptions): Promise<WriteOutcome> {
    return this.#writer.writeTicks(batches, options);
  }

  areVisible(batches: readonly LoggedBatch[], options?: WriteOptions): Promise<boolean> {
    return this.#writer.areVisible(batches, options);
  }

  resumeSuspended(): Promise<readonly string[]> {
    return this.#writer.resumeSuspended();
  }

  trades(range: TickRange, columns?: readonly (keyof TradeColumns)[]): AsyncIterable<TradeColumns> {
    return this.#reader.trades(range, columns);
  }

  quotes(range: TickRange, columns?: readonly (keyof QuoteColumns)[]): AsyncIterable<QuoteColumns> {
    return this.#reader.quotes(range, columns);
  }

  bestQuotes(range: QuoteRange): AsyncIterable<BestQuotes> {
    return this.#reader.bestQuotes(range);
  }

  bars(range: TickRange, interval: BarInterval): AsyncIterable<readonly BarRow[]> {
    return this.#reader.bars(range, interval);
  }

  instruments(filter?: Partial<Instrument>): Promise<readonly InstrumentSummary[]> {
    return this.#reader.instruments(filter);
  }

  highestSequence(): Promise<number> {
    return this.#reader.highestSequence();
  }

  counts(): Promise<readonly StoreCount[]> {
    return this.#reader.counts();
  }

  newestTrades(instrument: Instrument, options: { readonly late: boolean; readonly limit: number }): Promise<readonly NewestTrade[]> {
    return this.#reader.newestTrades(instrument, options);
  }

  writeStates(states: readonly PhysicsState[], mode: StateMode): Promise<void> {
    return this.#states.writeStates(states, mode);
  }

  states(range: TickRange): AsyncIterable<readonly StateRow[]> {
    return this.#states.states(range);
  }

  newestStates(options?: Parameters<TickStore['newestStates']>[0]): Promise<readonly StateRow[]> {
    return this.#states.newestStates(options);
  }

  async health(): Promise<StoreHealth> {
    try {
      return await readHealth(this.#http);
    } catch (cause) {
      if (!(cause instanceof HindcastError)) throw cause;
      return { up: false, suspendedTables: [], missingTables: [], changedColumns: [], detail: cause.message };
    }
  }

  close(): Promise<void> {
    this.#http.close();
    return Promise.resolve();
  }
}
