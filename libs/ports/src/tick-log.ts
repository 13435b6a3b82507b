import type { LedgerCounts, RejectionCode, TickKind } from '@hindcast/contracts';
import type { CellCount, Instrument, InstrumentState, KindCounts, LoggedBatch, Mark } from '@hindcast/market';

/** Reading a log from outside: live, start-up, gap and recovery are this one path. */
export interface LogFollower {
  /**
   * Every flushed batch from `fromNumber` on, in order, without end; closing the iterator closes the source.
   * Throws STREAM_UNKNOWN where `streamId` is another log's, NUMBER_TRIMMED where the batch is gone.
   */
  follow(options: FollowOptions): AsyncIterable<FollowedBatch>;
  /** Where the log begins, for a follower that has not seen what came before; UPSTREAM_AWAY where nobody answers. */
  beginning(): Promise<LogBeginning>;
  /** How far a named follower's effects are durable; the log keeps what comes after. */
  reportCheckpoint(report: CheckpointReport): Promise<void>;
}

export interface FollowOptions {
  readonly fromNumber: number;
  readonly streamId?: string;
  readonly follower?: string;
  readonly signal?: AbortSignal;
}

export interface FollowedBatch {
  readonly streamId: string;
  readonly batch: LoggedBatch;
  /** The newest flushed number, to know the lag. */
  readonly headNumber: number;
}

export interface LogBeginning {
  readonly streamId: string;
  /** The oldest batch held; everything before it is in the store. */
  readonly firstNumber: number;
  /** Admission's clock of each instrument as the batch before `firstNumber` left it; the store does not keep it. */
  readonly clocks: readonly Mark[];
}

export interface CheckpointReport {
  readonly streamId: string;
  readonly follower: string;
  readonly number: number;
}

/**
 * The durable sequence of batches from which everything else follows, with what admission and the ledger must know
 * after a restart. One process writes it.
 */
export interface TickLog extends LogFollower {
  readonly streamId: string;
  position(): LogPosition;
  /**
   * Batches and the state they leave behind, in one transaction; resolves when it is flushed to disk. Rejects with
   * LOG_UNAVAILABLE, and then nothing of it is there, nor can a later write be that was made after it.
   */
  append(write: LogWrite): Promise<void>;
  /** True where this write is not being written yet and the next one will go to disk with it: they may share a batch. */
  waits(serial: number): boolean;
  /** A flushed batch, undefined where it was trimmed or is not there yet. */
  read(number: number): LoggedBatch | undefined;
  /** Everything beside the batches, as of the last flush: for a start and the ledger, as it reads every cell. */
  recall(): LogMemory;
  /** How far store and followers are; cheap, to be asked at any time. */
  progress(): LogProgress;
  /** Rows that the store has refused and nobody has released; few, most often none. */
  quarantine(): readonly QuarantinedRow[];
  /**
   * The drain's progress: watermark, counters and quarantined rows in one transaction. LOG_UNAVAILABLE, and nothing of it
   * there, where it does not begin right after the watermark: a gap would never be seen, a repeat would count twice.
   */
  recordStored(progress: StoredProgress): Promise<void>;
  /**
   * The store is not what it was: takes the progress of the held batches back, so that they are stored once more. The
   * watermark goes to `throughNumber`, and `stored` and `quarantined` are what was recorded of the batches after it.
   */
  forgetStored(progress: Omit<StoredProgress, 'firstNumber'>): Promise<void>;
  /** Rows of the quarantine that the store took after all. */
  releaseQuarantine(rows: readonly QuarantinedRow[]): Promise<void>;
  /** Drops batches up to and including `throughNumber`, raising floors and clocks to what they held. */
  trim(trimming: Trimming): Promise<void>;
  /** The log keeps nothing for this follower until it makes progress; false where it has left `atNumber` meanwhile. */
  recordCutOff(follower: string, atNumber: number): Promise<boolean>;
  /** Drops a checkpoint, with `atNumber` only where it still stands there; false where there was none to drop. */
  forgetCheckpoint(follower: string, atNumber?: number): Promise<boolean>;
  close(): Promise<void>;
}

export interface LogPosition {
  /** The oldest batch held; head + 1 where none is. */
  readonly firstNumber: number;
  /** The newest flushed batch; first - 1 where there is none yet. */
  readonly headNumber: number;
  /** What the held batches weigh: their rows, rejected ones too, and their marks. */
  readonly rows: number;
  /** Of the newest flushed write. */
  readonly serial: number;
}

export interface LogWrite {
  /** One more than that of the write it was admitted on; a write that follows a failed one is refused. */
  readonly serial: number;
  /** The first may be the next part of the newest batch of a write that `waits`: the log holds one batch then, in the order of its parts. */
  readonly batches: readonly LoggedBatch[];
  readonly instruments: readonly InstrumentState[];
  readonly counts: Readonly<Record<TickKind, KindCounts>>;
  readonly rejectedByCode: Readonly<Partial<Record<RejectionCode, number>>>;
  readonly cells: readonly CellCount[];
}

export type KindTotals = Omit<LedgerCounts, 'pending'> & { readonly accepted: number };

export interface CellTotals extends Instrument {
  readonly table: TickKind;
  /** Days since the epoch. */
  readonly day: number;
  readonly inherited: number;
  readonly admitted: number;
  readonly stored: number;
  readonly quarantined: number;
  readonly late: number;
}

export interface Floor extends Instrument {
  readonly table: TickKind;
  /** Rows of this instrument at or below it may be older than the log: the store knows them. */
  readonly floorUs: number;
}

export interface QuarantinedRow {
  readonly table: TickKind | 'rejected_ticks';
  readonly sequence: number;
  /** The store's own words. */
  readonly message: string;
  /** Where the row counts in the ledger; rejected rows count nowhere. */
  readonly cell?: Omit<StoredCell, 'rows'>;
  /** A batch of this row alone as `encodeLoggedBatch` writes it, base64: it outlives the trimming of the log. */
  readonly body: string;
}

export interface FollowerCheckpoint {
  readonly follower: string;
  readonly number: number;
  /** When it last made progress, by the world's clock; 0 where it never has. */
  readonly progressAtUs: number;
  /** It holds nothing back until it makes progress again. */
  readonly isCutOff?: true;
}

export interface LogProgress {
  /** Every batch up to it was seen in the tick store by a SELECT. */
  readonly storedThroughNumber: number;
  readonly checkpoints: readonly FollowerCheckpoint[];
}

export interface LogMemory extends LogProgress {
  readonly instruments: readonly InstrumentState[];
  readonly floors: readonly Floor[];
  readonly totals: Readonly<Record<TickKind, KindTotals>>;
  readonly rejectedByCode: Readonly<Partial<Record<RejectionCode, number>>>;
  readonly cells: readonly CellTotals[];
  readonly quarantine: readonly QuarantinedRow[];
}

export interface StoredProgress {
  /** Of the batches that were seen, without a hole, up to `throughNumber`. */
  readonly firstNumber: number;
  readonly throughNumber: number;
  /** Rows seen in the store since the last progress. */
  readonly stored: readonly StoredCell[];
  readonly quarantined: readonly QuarantinedRow[];
}

export interface StoredCell extends Instrument {
  readonly table: TickKind;
  readonly day: number;
  readonly rows: number;
}

export interface Trimming {
  readonly throughNumber: number;
  readonly floors: readonly Floor[];
  /** How far the dropped batches moved each instrument's clock. */
  readonly clocks: readonly Mark[];
  /** What the dropped batches weigh: their rows, rejected ones too, and their marks. */
  readonly rows: number;
}

/** What a log that opens beside a store with rows takes over from it. */
export interface LogInheritance {
  readonly firstNumber: number;
  readonly instruments: readonly InstrumentState[];
  readonly floors: readonly Floor[];
  readonly cells: readonly StoredCell[];
}

export const noInheritance: LogInheritance = { firstNumber: 1, instruments: [], floors: [], cells: [] };
