import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HindcastError, usFromIso } from '@hindcast/contracts';
import { LmdbTickLog } from '@hindcast/log-lmdb';
import {
  emptyQuotes,
  emptyTrades,
  quoteColumns,
  tradeColumns,
  type AdmissionLimits,
  type LoggedBatch,
  type QuoteFields,
  type TickBatch,
  type TradeFields,
} from '@hindcast/market';
import type { LogWrite } from '@hindcast/ports';
import { inheritFrom } from './admission/inheritance.js';
import { Intake, type IntakeAnswer } from './admission/intake.js';
import { StoreLookup } from './admission/store-lookup.js';
import { Drain, type DrainParts } from './drain/drain.js';
import { FakeTickStore } from './fake-tick-store.fixture.js';

export const noonUs = usFromIso('2013-10-07T16:00:00Z')!;
export const nowUs = usFromIso('2013-10-09T00:00:00Z')!;
export const clock = { nowUs: () => nowUs };
const limits: AdmissionLimits = { maxAheadUs: 0, priceBands: new Map() };
const origin = { source: 'test', receivedAtUs: nowUs };

export function tradesBatch(rows: readonly Partial<TradeFields>[], also: Partial<TickBatch> = {}): TickBatch {
  const whole = rows.map((row, position): TradeFields => ({
    timeUs: noonUs,
    symbol: 'SPY',
    market: 'usa/equity',
    exchange: 'P',
    id: String(position),
    conditions: '',
    price: 100,
    size: 10,
    side: 0,
    position,
    ...row,
  }));
  return { ...origin, slackUs: 0, marks: [], rejected: [], quotes: emptyQuotes, trades: tradeColumns(whole, origin), ...also };
}

export function quotesOf(rows: readonly Partial<QuoteFields>[], firstPosition = 0): TickBatch['quotes'] {
  const whole = rows.map((row, at): QuoteFields => ({
    timeUs: noonUs,
    symbol: 'SPY',
    market: 'usa/equity',
    exchange: 'P',
    id: String(at),
    conditions: '',
    bid: 99,
    bidSize: 1,
    ask: NaN,
    askSize: NaN,
    position: firstPosition + at,
    ...row,
  }));
  return quoteColumns(whole, origin);
}

export const emptyBatch: TickBatch = { ...origin, slackUs: 0, trades: emptyTrades, quotes: emptyQuotes, marks: [], rejected: [] };

export interface WorldOptions {
  readonly logRowsMax?: number;
  readonly fullInstruments?: () => ReadonlyMap<string, string>;
}

/** A log on disk, an intake on it and a store in memory: what a tick passes through, without doors and threads. */
export class IngestWorld {
  readonly store = new FakeTickStore();
  readonly dirs: string[] = [];
  readonly flushed: LoggedBatch[] = [];
  log!: LmdbTickLog;
  intake!: Intake;
  lookup!: StoreLookup;
  /** Of the coming appends, the one that the disk does not take: 0 is the next. */
  failAppend = -1;

  private constructor(private readonly options: WorldOptions) {}

  static async create(options: WorldOptions = {}): Promise<IngestWorld> {
    const world = new IngestWorld(options);
    await world.newLog();
    return world;
  }

  /** The log was deleted, or never was: it inherits from the store. */
  async newLog(): Promise<void> {
    await this.log?.close();
    this.dirs.push(mkdtempSync(join(tmpdir(), 'ingest-')));
    await this.open();
  }

  /** The service was stopped and started. */
  async restart(): Promise<void> {
    await this.log.close();
    await this.open();
  }

  async remove(): Promise<void> {
    await this.log.close();
    for (const dir of this.dirs) rmSync(dir, { recursive: true });
  }

  async send(...batches: readonly TickBatch[]): Promise<IntakeAnswer> {
    return (await this.intake.admit(batches)).flushed;
  }

  get parts(): { readonly log: LmdbTickLog; readonly intake: Intake } {
    return { log: this.log, intake: this.intake };
  }

  drainParts(): DrainParts {
    return {
      streamId: this.log.streamId,
      read: (number) => this.log.read(number),
      writer: this.store,
      onProgress: () => undefined,
      onStatus: () => undefined,
      wait: (_ms, signal) => sleep(0, undefined, { signal }).catch(() => undefined),
      pieceRowsMax: 5,
      quarantineRowsMax: 10,
      nowMs: () => performance.now(),
      pieceIntervalMs: 0,
    };
  }

  /** Everything that is flushed goes to the store, and the log knows it. */
  async drain(): Promise<void> {
    const abort = new AbortController();
    const head = this.log.position().headNumber;
    const { storedThroughNumber } = this.log.progress();
    if (storedThroughNumber >= head) return;
    const recorded: Promise<void>[] = [];
    const drain = new Drain({
      ...this.drainParts(),
      onProgress: (progress) => {
        recorded.push(this.log.recordStored(progress));
        if (progress.throughNumber >= head) abort.abort();
      },
    });
    drain.advance(head);
    await drain.run(storedThroughNumber + 1, abort.signal);
    await Promise.all(recorded);
  }

  private async open(): Promise<void> {
    const { logRowsMax = 1_000, fullInstruments } = this.options;
    const dir = this.dirs.at(-1)!;
    this.log = await LmdbTickLog.open({
      dir,
      clock,
      newStreamId: () => `stream-${this.dirs.length}`,
      inherit: () => inheritFrom(this.store),
    });
    this.lookup = new StoreLookup(this.store);
    const append = this.log.append.bind(this.log);
    this.log.append = (write: LogWrite) => {
      if (this.failAppend-- !== 0) return append(write);
      // A disk takes its time to fail: what is admitted meanwhile rests on what is lost.
      return new Promise((_, reject) => setImmediate(() => reject(new HindcastError('LOG_UNAVAILABLE', 'the disk is full'))));
    };
    this.intake = await Intake.open({
      log: this.log,
      clock,
      limits,
      lookup: this.lookup,
      logRowsMax,
      fullInstruments,
      onFlushed: (batch) => this.flushed.push(batch),
    });
  }
}
