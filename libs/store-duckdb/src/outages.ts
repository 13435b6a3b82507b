import { join } from 'node:path';
import { HindcastError, type ErrorCode } from '@hindcast/contracts';
import { instrumentKey, instrumentOfKey, selectQuotes, selectTrades, type Instrument, type LoggedBatch } from '@hindcast/market';
import { rowName, type InstrumentOutage } from '@hindcast/ports';
import { instrumentFolder, instrumentsWith } from './instrument-folder.js';
import { SpillLog, type SpilledBatch } from './spill-log.js';
import { rowsByInstrument } from './tick-piece.js';
import type { WrittenAs } from './visible-batches.js';

const waitingFileName = 'waiting.log';
/** How long a file is left alone before it is tried again. */
const retryAfterMs = 5_000;

/** Failures that are one file's own. A disk that is full or away is everybody's, and everybody waits. */
const ofOneFile: ReadonlySet<ErrorCode> = new Set(['STORE_DAMAGED', 'STORE_LOCKED', 'SCHEMA_CHANGED', 'STORE_REFUSED']);

export interface OutagesOptions {
  /** The store's folder. */
  readonly dir: string;
  /** From here on an instrument's waiting rows are said to be too many. */
  readonly waitingBytesMax: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly nowMs: () => number;
}

interface Outage {
  readonly waiting: SpillLog;
  code: ErrorCode;
  message: string;
  retryAtMs: number;
}

/**
 * Instruments whose files cannot take rows: damaged, held by another process, of another version. Their rows wait in a log
 * of their own beside the file; when it is as it was, or another is in its place, they are written there.
 */
export class Outages {
  readonly #options: OutagesOptions;
  readonly #outages = new Map<string, Outage>();

  private constructor(options: OutagesOptions) {
    this.#options = options;
  }

  /** Takes up what an earlier process left waiting. */
  static async open(options: OutagesOptions): Promise<Outages> {
    const outages = new Outages(options);
    for (const instrument of await instrumentsWith(waitingFileName, options.dir))
      outages.#begin(instrument, new HindcastError('STORE_DAMAGED', 'rows of an earlier outage wait to be written'));
    return outages;
  }

  list(): readonly InstrumentOutage[] {
    return [...this.#outages].map(([key, { code, message, waiting }]) => {
      const waitingBytes = waiting.bytes;
      return { ...instrumentOfKey(key), code, message, waitingBytes, isFull: waitingBytes >= this.#options.waitingBytesMax };
    });
  }

  /** Instruments whose turn it is to be tried again. */
  due(): readonly Instrument[] {
    const nowMs = this.#options.nowMs();
    return [...this.#outages].filter(([, { retryAtMs }]) => retryAtMs <= nowMs).map(([key]) => instrumentOfKey(key));
  }

  isOut(instrument: Instrument): boolean {
    return this.#outages.has(instrumentKey(instrument));
  }

  /** Notes why the file cannot take rows; what is no fault of the file alone is thrown on. */
  note(instrument: Instrument, error: unknown): void {
    if (!(error instanceof HindcastError) || !ofOneFile.has(error.code)) throw error;
    this.#begin(instrument, error);
    const outage = this.#outages.get(instrumentKey(instrument));
    if (outage) outage.retryAtMs = this.#options.nowMs() + retryAfterMs;
  }

  /** Puts the instrument's rows of these batches aside; on disk when it returns. */
  keep(instrument: Instrument, batches: readonly LoggedBatch[], as: WrittenAs): void {
    const outage = this.#outages.get(instrumentKey(instrument));
    if (!outage) throw new Error(`${instrumentKey(instrument)} has no outage`);
    try {
      outage.waiting.append(batches.flatMap((batch) => spilledOf(instrument, batch, as)));
    } catch (cause) {
      throw new HindcastError('STORE_AWAY', `rows of ${instrumentKey(instrument)} cannot be put aside: ${String(cause)}`, { cause });
    }
  }

  waiting(instrument: Instrument): Iterable<SpilledBatch> {
    return this.#outages.get(instrumentKey(instrument))?.waiting.read() ?? [];
  }

  /** All that waited is in the file. */
  end(instrument: Instrument): void {
    const key = instrumentKey(instrument);
    this.#outages.get(key)?.waiting.remove();
    this.#outages.delete(key);
  }

  #begin(instrument: Instrument, { code, message }: HindcastError): void {
    const key = instrumentKey(instrument);
    const waiting = this.#outages.get(key)?.waiting ?? new SpillLog(join(this.#options.dir, instrumentFolder(instrument), waitingFileName));
    this.#outages.set(key, { waiting, code, message, retryAtMs: this.#options.nowMs() });
  }
}

/** A batch of one instrument's rows alone. */
function spilledOf(instrument: Instrument, batch: LoggedBatch, { skip, streamId }: WrittenAs): readonly SpilledBatch[] {
  const rowsOf = (table: 'trades' | 'quotes'): Uint32Array => {
    const own = rowsByInstrument(batch[table]).find((of) => instrumentKey(of.instrument) === instrumentKey(instrument));
    return (own?.rows ?? new Uint32Array(0)).filter((row) => !skip?.has(rowName(table, batch[table].sequence[row])));
  };
  const [trades, quotes] = [rowsOf('trades'), rowsOf('quotes')];
  if (trades.length + quotes.length === 0) return [];
  const alone = {
    ...batch,
    trades: selectTrades(batch.trades, { rows: trades, count: trades.length }),
    quotes: selectQuotes(batch.quotes, { rows: quotes, count: quotes.length }),
    marks: [],
    rejected: [],
  };
  return [{ streamId, batch: alone }];
}
