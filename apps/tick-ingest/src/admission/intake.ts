import { HindcastError } from '@hindcast/contracts';
import {
  admit,
  IdentityMemory,
  identityHashes,
  instrumentKey,
  KnownTicks,
  numberOfSequence,
  sequenceOf,
  weightOf,
  type AdmissionLimits,
  type AdmissionState,
  type BatchPlace,
  type InstrumentState,
  type LoggedBatch,
  type StoredTicks,
  type TickBatch,
} from '@hindcast/market';
import type { Clock, Floor, LogWrite, TickLog } from '@hindcast/ports';
import type { BatchSteps } from '../batch-steps.js';
import { rejectedOf, writeOf, type AdmittedBatch, type IntakeAnswer } from './admitted-request.js';
import { BatchCache } from './batch-cache.js';
import { requireTaken, takenOf, type FullInstruments, type RefusedRows } from './full-instruments.js';
import { closedBatch, newestWith, placeAfter, type NewestBatch } from './newest-batch.js';
import { QuarantinedTicks, ticksBySequence } from './quarantined-ticks.js';
import type { StoreLookup } from './store-lookup.js';

export type { IntakeAnswer } from './admitted-request.js';

export interface IntakeParts {
  readonly log: TickLog;
  readonly clock: Clock;
  readonly limits: AdmissionLimits;
  readonly lookup: StoreLookup;
  readonly logRowsMax: number;
  /** Instruments that are refused for now; none where a store takes all or nothing. */
  readonly fullInstruments?: (() => FullInstruments) | undefined;
  /** Called with every batch once it is flushed, in order; with each part of one that several requests share. */
  readonly onFlushed: (batch: LoggedBatch) => void;
  readonly events?: IntakeEvents;
  /** Undefined where tracing is off. */
  readonly steps?: BatchSteps | undefined;
}

export interface IntakeEvents {
  acknowledged(door: string, counts: IntakeAnswer['counts'], elapsedSeconds: number): void;
  refused(door: string, code: string): void;
}

export interface AdmitOptions {
  /** The `era` that the stream began in. */
  readonly era?: number;
  /** Which door the request came through, for metrics. */
  readonly door?: string;
  /** W3C `traceparent` that came with the request. */
  readonly traceparent?: string | undefined;
  /** Rows of instruments that can take no more are left out; else the request is refused whole. */
  readonly leavesOutFull?: boolean;
}

/** What the next request is admitted on. */
interface Standing {
  readonly state: AdmissionState;
  /** Of the newest write. */
  readonly serial: number;
  readonly newest: NewestBatch;
}

/** A request that was admitted and waits for its flush. */
interface Pending {
  readonly before: Standing;
  readonly known: readonly KnownTicks[];
  readonly admitted: readonly AdmittedBatch[];
  readonly write: LogWrite;
  readonly rows: number;
  readonly throughNumber: number;
}

const doorDefault = 'http';
const noneFull: FullInstruments = new Map();

/**
 * The one place where ticks become part of the record: look up, admit, append, and answer when it is on disk. Admission
 * runs ahead of the disk; when a flush fails, everything admitted after the last flushed request is taken back.
 */
export class Intake {
  private standing: Standing;
  private pending: Pending[] = [];
  private pendingRows = 0;
  private lookupsUnderWay = 0;
  private takenBack = 0;
  private readonly memory: IdentityMemory;
  /** Of the newest batch that is forgotten: one that the log could not drop is trimmed again. */
  private forgottenNumber = 0;
  private readonly floors = new Map<string, number>();
  private readonly cache: BatchCache;
  private readonly quarantined = new QuarantinedTicks();

  private constructor(private readonly parts: IntakeParts) {
    const { log, logRowsMax } = parts;
    const memory = log.recall();
    const { firstNumber, headNumber, serial, rows } = log.position();
    this.forgottenNumber = firstNumber - 1;
    const state = { instruments: new Map(memory.instruments.map((instrument) => [instrumentKey(instrument), instrument])) };
    this.standing = { state, serial, newest: closedBatch(headNumber) };
    this.memory = new IdentityMemory({ rowsMax: Math.max(logRowsMax, rows + memory.quarantine.length) });
    this.cache = new BatchCache({ read: (number) => log.read(number), isFlushed: (number) => number <= log.position().headNumber });
    this.raiseFloors(memory.floors);
    for (const row of ticksBySequence(memory.quarantine).values()) {
      if (numberOfSequence(row.sequence) >= firstNumber) continue;
      this.rememberBatch(this.quarantined.keep(row));
      this.memory.keep(row.sequence);
    }
  }

  /** Reads the log once, because admission's memory is exactly the log. */
  static async open(parts: IntakeParts, onProgress: (numbersRead: number) => void = () => undefined): Promise<Intake> {
    const intake = new Intake(parts);
    const { firstNumber, headNumber } = parts.log.position();
    for (let number = firstNumber; number <= headNumber; number++) {
      const batch = parts.log.read(number);
      if (batch) intake.rememberBatch(batch);
      if (number % 64 === 0) {
        onProgress(number);
        await new Promise(setImmediate);
      }
    }
    return intake;
  }

  /** Why an instrument can take no more, by its key; undefined where it can. */
  whyFull(instrument: string): string | undefined {
    return this.parts.fullInstruments?.().get(instrument);
  }

  /** Rows admitted and not flushed yet. */
  get rowsPending(): number {
    return this.pendingRows;
  }

  /** Changes whenever admitted requests were taken back. */
  get era(): number {
    return this.takenBack;
  }

  /** While true, trimming would take away rows that a look-up under way has not seen. */
  get pinsLog(): boolean {
    return this.lookupsUnderWay > 0;
  }

  /** The newest closed time of an instrument, for metrics. */
  instruments(): Iterable<InstrumentState> {
    return this.standing.state.instruments.values();
  }

  /**
   * Admits the batches of one request. The outer promise resolves when they have their place in the order, the inner
   * when they are on disk: a stream awaits the one before it admits the next batch, and answers on the other.
   * With an `era` it is refused where anything was taken back since: what was sent after a failed batch must not overtake it.
   */
  async admit(batches: readonly TickBatch[], options: AdmitOptions = {}): Promise<{ readonly flushed: Promise<IntakeAnswer> }> {
    const { clock, events, steps } = this.parts;
    const { door = doorDefault, traceparent } = options;
    const parsedUs = steps ? clock.nowUs() : 0;
    const refused = (error: unknown): never => {
      events?.refused(door, error instanceof HindcastError ? error.code : 'INTERNAL');
      throw error;
    };
    const { flushed, logged } = await this.admitInOrder(batches, options).catch(refused);
    const admittedUs = steps ? clock.nowUs() : 0;
    const counted = flushed.then((answer) => {
      events?.acknowledged(door, answer.counts, (clock.nowUs() - (batches[0]?.receivedAtUs ?? clock.nowUs())) / 1_000_000);
      steps?.acknowledged(logged, { door, traceparent, parsedUs, admittedUs, flushedUs: clock.nowUs() });
      return answer;
    }, refused);
    return { flushed: counted };
  }

  private async admitInOrder(
    sent: readonly TickBatch[],
    { era, leavesOutFull = false, door = doorDefault }: AdmitOptions,
  ): Promise<{ readonly flushed: Promise<IntakeAnswer>; readonly logged: readonly LoggedBatch[] }> {
    const full = this.parts.fullInstruments?.() ?? noneFull;
    const { batches, refused } = leavesOutFull ? takenOf(sent, full) : { batches: sent, refused: [] };
    const rows = batches.reduce((sum, batch) => sum + weightOf(batch), 0);
    this.requireRoom(rows);
    requireTaken(batches, full);
    if (refused.length > 0) this.parts.events?.refused(door, 'INSTRUMENT_FULL');
    const stored: StoredTicks[] = [];
    this.lookupsUnderWay++;
    try {
      for (const batch of batches)
        stored.push(
          await this.parts.lookup.find(batch, (table, instrument) => this.floors.get(`${table} ${instrumentKey(instrument)}`) ?? -1),
        );
      this.requireRoom(rows);
      if (era !== undefined && era !== this.takenBack)
        throw new HindcastError('LOG_UNAVAILABLE', 'a batch sent before this one could not be kept: send both again, in their order');
      const admitted = this.admitNow(batches, stored);
      return { flushed: this.append(admitted, refused), logged: admitted.write.batches };
    } finally {
      this.lookupsUnderWay--;
    }
  }

  /**
   * Batches that the log dropped: admission forgets their rows, and asks the store for them from now on. Those that the
   * store has refused stay known until they are released; what was released since is the store's like any other.
   */
  trimmed({ batches, floors }: { readonly batches: readonly LoggedBatch[]; readonly floors: readonly Floor[] }): void {
    const { log, lookup } = this.parts;
    const quarantine = ticksBySequence(log.quarantine());
    const released = this.quarantined.release(quarantine);
    for (const { batch } of released) this.forgetRows(batch);
    for (const { number } of batches) this.cache.drop(number);
    this.forgetBatches(
      batches.filter(({ number }) => number > this.forgottenNumber),
      quarantine,
    );
    this.raiseFloors(floors);
    lookup.forget([...floors, ...released.map(({ cell }) => cell)]);
  }

  private requireRoom(rows: number): void {
    const { log, logRowsMax } = this.parts;
    const held = log.position().rows + this.quarantined.size;
    if (held + this.pendingRows + rows <= logRowsMax) return;
    throw new HindcastError('LOG_FULL', `the log holds ${held} of at most ${logRowsMax} rows until its followers advance`);
  }

  private admitNow(batches: readonly TickBatch[], stored: readonly StoredTicks[]): Pending {
    const before = this.standing;
    const serial = before.serial + 1;
    const admitted: AdmittedBatch[] = [];
    const known: KnownTicks[] = [];
    try {
      for (const [at, batch] of batches.entries()) {
        const { newest } = this.standing;
        const isOpen = at === 0 && this.parts.log.waits(newest.serial);
        const place = placeAfter(newest, batch, isOpen);
        known.push(this.knownTicks(batch, place, stored[at]));
        admitted.push({ place, admission: this.admitOne(batch, { place, serial, known: known[at] }) });
      }
    } catch (error) {
      // Nothing of the request is anywhere yet but here: what follows must be admitted as if it had never come.
      this.forget({ known, logged: admitted.map(({ admission }) => admission.batch) });
      this.standing = before;
      throw error;
    }
    this.standing = { ...this.standing, serial };
    const write = writeOf(serial, admitted);
    const rows = write.batches.reduce((sum, batch) => sum + weightOf(batch), 0);
    const pending: Pending = { before, known, admitted, write, rows, throughNumber: this.standing.newest.number };
    this.pending.push(pending);
    this.pendingRows += rows;
    return pending;
  }

  private knownTicks({ trades, quotes }: TickBatch, place: BatchPlace, stored: StoredTicks | undefined): KnownTicks {
    const batchOf = (number: number, sequence: number) => this.quarantined.get(sequence) ?? this.cache.get(number, sequence);
    return new KnownTicks(this.memory, { ...place, trades, quotes }, batchOf, stored);
  }

  private admitOne(
    batch: TickBatch,
    { place, serial, known }: { readonly place: Required<BatchPlace>; readonly serial: number; readonly known: KnownTicks },
  ): AdmittedBatch['admission'] {
    const { clock, limits } = this.parts;
    const { state, newest } = this.standing;
    const admission = admit(state, batch, { ...place, nowUs: clock.nowUs(), limits, known });
    if (admission.hasContent) this.cache.put(admission.batch);
    this.standing = {
      state: admission.state,
      serial: this.standing.serial,
      newest: admission.hasContent ? newestWith(newest, { batch, logged: admission.batch, place, serial }) : newest,
    };
    return admission;
  }

  private async append(pending: Pending, refused: readonly RefusedRows[]): Promise<IntakeAnswer> {
    const { log, onFlushed } = this.parts;
    const { write, admitted, rows, throughNumber } = pending;
    const { counts, cells } = write;
    try {
      await log.append(write);
    } catch (error) {
      this.takeBack(pending);
      throw error;
    }
    this.pending.splice(this.pending.indexOf(pending), 1);
    this.pendingRows -= rows;
    for (const batch of write.batches) onFlushed(batch);
    return { counts, rejected: rejectedOf(admitted), cells, refused, throughNumber };
  }

  /** A failed write and all that was admitted after it: the log refuses those too, by their serials. */
  private takeBack(failed: Pending): void {
    const from = this.pending.indexOf(failed);
    if (from < 0) return;
    this.takenBack++;
    for (const { write, known, rows } of this.pending.splice(from)) {
      this.forget({ known, logged: write.batches });
      this.pendingRows -= rows;
    }
    this.standing = failed.before;
  }

  private forget({ known, logged }: { readonly known: readonly KnownTicks[]; readonly logged: readonly LoggedBatch[] }): void {
    for (const ticks of known) ticks.forget();
    for (const part of logged) this.cache.dropPart(part);
  }

  private rememberBatch(batch: LoggedBatch): void {
    forEachIdentity(batch, ({ low, high, sequence }) => this.memory.insert(low, high, sequence));
  }

  /** The oldest that are remembered, in their order; rows of the quarantine stay known. */
  private forgetBatches(batches: readonly LoggedBatch[], quarantine: ReturnType<typeof ticksBySequence>): void {
    const last = batches.at(-1);
    if (!last) return;
    const isForgotten = (number: number): boolean => number > this.forgottenNumber && number <= last.number;
    const kept = [...quarantine.values()].filter(({ sequence }) => isForgotten(numberOfSequence(sequence)));
    for (const row of kept) {
      this.quarantined.keep(row);
      this.memory.keep(row.sequence);
    }
    const rows = batches.reduce((sum, { trades, quotes }) => sum + trades.length + quotes.length, 0);
    this.memory.forgetThrough(sequenceOf(last.number + 1, 0) - 1, rows - kept.length);
    this.forgottenNumber = last.number;
  }

  private forgetRows(batch: LoggedBatch): void {
    forEachIdentity(batch, ({ low, high, sequence }) => this.memory.remove(low, high, sequence));
  }

  private raiseFloors(floors: readonly Floor[]): void {
    for (const { table, floorUs, ...instrument } of floors) {
      const key = `${table} ${instrumentKey(instrument)}`;
      this.floors.set(key, Math.max(this.floors.get(key) ?? -1, floorUs));
    }
  }
}

interface IdentityOfRow {
  readonly low: number;
  readonly high: number;
  readonly sequence: number;
}

function forEachIdentity({ trades, quotes }: LoggedBatch, visit: (identity: IdentityOfRow) => void): void {
  const tables = [
    { columns: trades, hashes: identityHashes('trades', trades) },
    { columns: quotes, hashes: identityHashes('quotes', quotes) },
  ];
  for (const { columns, hashes } of tables) {
    for (let row = 0; row < columns.length; row++) visit({ low: hashes.low[row], high: hashes.high[row], sequence: columns.sequence[row] });
  }
}
