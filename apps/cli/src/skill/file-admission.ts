import type { RejectionCode } from '@hindcast/contracts';
import {
  admit,
  emptyAdmissionState,
  IdentityMemory,
  KnownTicks,
  sequenceOf,
  type AdmissionState,
  type LoggedBatch,
  type TickBatch,
} from '@hindcast/market';
import { whole } from '../format/quantities.js';

/** Rows that an import would not have let in, or not in time, of trades and quotes together. */
export interface LeftOut {
  readonly duplicate: number;
  readonly rejected: ReadonlyMap<RejectionCode, number>;
  /** Let in, and part of no number. */
  readonly late: number;
}

/**
 * What rows are held against. A tick's time is part of its identity and files come in the order of time, so one that comes twice
 * is among the rows of its own microsecond: only a file whose times are of days, a quarter of a million rows each, is past this.
 */
const rememberedRowsMax = 2 ** 18;
/** The same in batches: where sources take turns a batch may be of one row. */
const rememberedBatchesMax = 4_096;

/** Lets rows of files in by the rules of the service, with no log: 50 MB, however long the files are. */
export class FileAdmission {
  readonly #memory = new IdentityMemory({ rowsMax: rememberedRowsMax });
  readonly #remembered = new Map<number, LoggedBatch>();
  readonly #rejected = new Map<RejectionCode, number>();
  #state: AdmissionState = emptyAdmissionState;
  #newest = 0;
  #duplicate = 0;
  #late = 0;

  get leftOut(): LeftOut {
    return { duplicate: this.#duplicate, rejected: this.#rejected, late: this.#late };
  }

  admit(batch: TickBatch): LoggedBatch {
    this.#makeRoom(batch.trades.length + batch.quotes.length);
    const number = (this.#newest += 1);
    const known = new KnownTicks(this.#memory, { ...batch, number }, (other) => this.#batchOf(other));
    const limits = { maxAheadUs: 0, priceBands: new Map<string, never>() };
    const admission = admit(this.#state, batch, { number, nowUs: batch.receivedAtUs, limits, known });
    this.#state = admission.state;
    this.#remembered.set(number, admission.batch);
    this.#count(admission);
    return admission.batch;
  }

  #batchOf(number: number): LoggedBatch {
    const batch = this.#remembered.get(number);
    if (!batch) throw new Error(`batch ${number} is forgotten, and a row of it is not`);
    return batch;
  }

  #makeRoom(rows: number): void {
    for (const [number, { trades, quotes }] of this.#remembered) {
      if (this.#memory.size + rows <= rememberedRowsMax && this.#remembered.size < rememberedBatchesMax) return;
      this.#memory.forgetThrough(sequenceOf(number + 1, 0) - 1, trades.length + quotes.length);
      this.#remembered.delete(number);
    }
  }

  #count({ batch, counts: { trades, quotes } }: ReturnType<typeof admit>): void {
    this.#duplicate += trades.duplicate + quotes.duplicate;
    this.#late += trades.late;
    for (const { code } of batch.rejected) this.#rejected.set(code, (this.#rejected.get(code) ?? 0) + 1);
  }
}

/** Undefined where every row counts. */
export function leftOutText({ duplicate, rejected, late }: LeftOut): string | undefined {
  const parts = [
    ...(duplicate > 0 ? [`${whole(duplicate)} duplicate`] : []),
    ...[...rejected].map(([code, rows]) => `${whole(rows)} rejected (${code})`),
    ...(late > 0 ? [`${whole(late)} late`] : []),
  ];
  return parts.length > 0 ? `Rows left out, as an import would: ${parts.join(', ')}` : undefined;
}
