import { HindcastError, type RejectionCode, type TickKind } from '@hindcast/contracts';
import {
  admit,
  batchRowsMax,
  IdentityMemory,
  identityHashes,
  instrumentKey,
  KnownTicks,
  numberOfSequence,
  weightOf,
  type Admission,
  type AdmissionLimits,
  type AdmissionState,
  type CellCount,
  type InstrumentState,
  type KindCounts,
  type LoggedBatch,
  type RejectedRow,
  type StoredTicks,
  type TickBatch,
} from '@hindcast/market';
import type { Clock, Floor, TickLog } from '@hindcast/ports';
import type { BatchSteps } from '../batch-steps.js';
import { BatchCache } from './batch-cache.js';
import { requireTaken, takenOf, type FullInstruments, type RefusedRows } from './full-instruments.js';
import { QuarantinedTicks, ticksBySequence } from './quarantined-ticks.js';
import type { StoreLookup } from './store-lookup.js';

/** What became of one request; every number in it is on disk. */
export interface IntakeAnswer {
  readonly counts: Readonly<Record<TickKind, KindCounts>>;
  readonly rejected: readonly RejectedRow[];
  /** What was accepted, by table, instrument and day, batch by batch. */
  readonly cells: readonly CellCount[];
  /** Left out because their instruments can take no more; only where the request allows it. */
  readonly refused: readonly RefusedRows[];
  readonly throughNumber: number;
}

export interface IntakeParts {
  readonly log: TickLog;
  readonly clock: Clock;
  readonly limits: AdmissionLimits;
  readonly lookup: StoreLookup;
  readonly logRowsMax: number;
  /** Instruments that are refused for now; none where a store takes all or nothing. */
  readonly fullInstruments?: (() => FullInstruments) | undefined;
  /** Called with every batch once it is flushed, in order. */
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

/** A request that was admitted and waits for its flush. */
interface Pending {
  readonly serial: number;
  readonly firstNumber: number;
  readonly stateBefore: AdmissionState;
  readonly known: readonly KnownTicks[];
  readonly batches: readonly LoggedBatch[];
  readonly rows: number;
}

const doorDefault = 'http';
const noneFull: FullInstruments = new Map();

/**
 * The one place where ticks become part of the record: look up, admit, append, and answer when it is on disk. Admission
 * runs ahead of the disk; when a flush fails, everything admitted after the last flushed request is taken back.
 */
export class Intake {
  private state: AdmissionState;
  private nextNumber: number;
  private nextSerial: number;
  private pending: Pending[] = [];
  private pendingRows = 0;
  private lookupsUnderWay = 0;
  private takenBack = 0;
  private readonly memory: IdentityMemory;
  private readonly floors = new Map<string, number>();
  private readonly cache: BatchCache;
  private readonly quarantined = new QuarantinedTicks();

  private constructor(private readonly parts: IntakeParts) {
    const { log, logRowsMax } = parts;
    const memory = log.recall();
    const { firstNumber, headNumber, serial, rows } = log.position();
    this.state = { instruments: new Map(memory.instruments.map((instrument) => [instrumentKey(instrument), instrument])) };
    this.nextNumber = headNumber + 1;
    this.nextSerial = serial + 1;
    this.memory = new IdentityMemory({ rowsMax: Math.max(logRowsMax, rows + memory.quarantine.length) });
    this.cache = new BatchCache({ read: (number) => log.read(number), isFlushed: (number) => number <= log.position().headNumber });
    this.raiseFloors(memory.floors);
    for (const row of ticksBySequence(memory.quarantine).values()) {
      if (numberOfSequence(row.sequence) < firstNumber) this.rememberBatch(this.quarantined.keep(row));
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
    return this.state.instruments.values();
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
      return { flushed: this.append({ ...admitted, refused }), logged: admitted.pending.batches };
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
    for (const batch of batches) {
      this.cache.drop(batch.number);
      this.forgetRows(batch, (sequence) => {
        const row = quarantine.get(sequence);
        if (row) this.quarantined.keep(row);
        return row !== undefined;
      });
    }
    this.raiseFloors(floors);
    lookup.forget([...floors, ...released.map(({ cell }) => cell)]);
  }

  private requireRoom(rows: number): void {
    const { log, logRowsMax } = this.parts;
    const held = log.position().rows + this.quarantined.size;
    if (held + this.pendingRows + rows <= logRowsMax) return;
    throw new HindcastError('LOG_FULL', `the log holds ${held} of at most ${logRowsMax} rows until its followers advance`);
  }

  private admitNow(
    batches: readonly TickBatch[],
    stored: readonly StoredTicks[],
  ): { readonly admissions: readonly Admission[]; readonly pending: Pending } {
    const { state: stateBefore, nextNumber: firstNumber } = this;
    const admissions: Admission[] = [];
    const knownTicks: KnownTicks[] = [];
    try {
      for (const [at, batch] of batches.entries()) {
        knownTicks.push(this.knownTicks(batch, stored[at]));
        admissions.push(this.admitOne(batch, knownTicks[at]));
      }
    } catch (error) {
      // Nothing of the request is anywhere yet but here: what follows must be admitted as if it had never come.
      for (const known of knownTicks) known.forget();
      for (let number = firstNumber; number < this.nextNumber; number++) this.cache.drop(number);
      this.state = stateBefore;
      this.nextNumber = firstNumber;
      throw error;
    }
    const logged = admissions.filter(({ hasContent }) => hasContent).map(({ batch }) => batch);
    const pending: Pending = {
      serial: this.nextSerial++,
      firstNumber,
      stateBefore,
      known: knownTicks,
      batches: logged,
      rows: logged.reduce((sum, batch) => sum + weightOf(batch), 0),
    };
    this.pending.push(pending);
    this.pendingRows += pending.rows;
    return { admissions, pending };
  }

  private knownTicks({ trades, quotes }: TickBatch, stored: StoredTicks | undefined): KnownTicks {
    const batchOf = (number: number, sequence: number) => this.quarantined.get(sequence) ?? this.cache.get(number);
    return new KnownTicks(this.memory, { number: this.nextNumber, trades, quotes }, batchOf, stored);
  }

  private admitOne(batch: TickBatch, known: KnownTicks): Admission {
    const { clock, limits } = this.parts;
    const admission = admit(this.state, batch, { number: this.nextNumber, nowUs: clock.nowUs(), limits, known });
    this.state = admission.state;
    if (admission.hasContent) {
      this.cache.put(admission.batch);
      this.nextNumber++;
    }
    return admission;
  }

  private async append({
    admissions,
    pending,
    refused,
  }: {
    readonly admissions: readonly Admission[];
    readonly pending: Pending;
    readonly refused: readonly RefusedRows[];
  }): Promise<IntakeAnswer> {
    const { log, onFlushed } = this.parts;
    const counts = { trades: sumCounts(admissions, 'trades'), quotes: sumCounts(admissions, 'quotes') };
    const rejected = admissions.flatMap(({ batch }) => batch.rejected);
    const cells = admissions.flatMap(({ cells: admitted }): readonly CellCount[] => admitted);
    const { nextNumber } = this;
    try {
      await log.append({
        serial: pending.serial,
        batches: pending.batches,
        instruments: newestOf(admissions.flatMap(({ changed }) => changed)),
        counts,
        rejectedByCode: countByCode(rejected),
        cells,
      });
    } catch (error) {
      this.takeBack(pending);
      throw error;
    }
    this.pending.splice(this.pending.indexOf(pending), 1);
    this.pendingRows -= pending.rows;
    for (const batch of pending.batches) onFlushed(batch);
    return { counts, rejected: indexedThrough(admissions), cells, refused, throughNumber: nextNumber - 1 };
  }

  /** A failed write and all that was admitted after it: the log refuses those too, by their serials. */
  private takeBack(failed: Pending): void {
    const from = this.pending.indexOf(failed);
    if (from < 0) return;
    this.takenBack++;
    for (const { batches, known, rows } of this.pending.splice(from)) {
      for (const ticks of known) ticks.forget();
      for (const { number } of batches) this.cache.drop(number);
      this.pendingRows -= rows;
    }
    this.state = failed.stateBefore;
    this.nextNumber = failed.firstNumber;
    this.nextSerial = failed.serial;
  }

  private rememberBatch(batch: LoggedBatch): void {
    forEachIdentity(batch, ({ low, high, sequence }) => this.memory.insert(low, high, sequence));
  }

  private forgetRows(batch: LoggedBatch, isKept: (sequence: number) => boolean = () => false): void {
    forEachIdentity(batch, ({ low, high, sequence }) => {
      if (!isKept(sequence)) this.memory.remove(low, high, sequence);
    });
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

/** A request of several batches counts its rows through, so that a position is one in the request. */
function indexedThrough(admissions: readonly Admission[]): readonly RejectedRow[] {
  return admissions.flatMap(({ batch }, at) =>
    at === 0 ? batch.rejected : batch.rejected.map((row) => ({ ...row, position: at * batchRowsMax + row.position })),
  );
}

function sumCounts(admissions: readonly Admission[], table: TickKind): KindCounts {
  const sum = (field: keyof KindCounts): number => admissions.reduce((total, { counts }) => total + counts[table][field], 0);
  return {
    received: sum('received'),
    accepted: sum('accepted'),
    duplicate: sum('duplicate'),
    rejected: sum('rejected'),
    late: sum('late'),
  };
}

/** A request of several batches may change an instrument more than once; the last form counts. */
function newestOf(changed: readonly InstrumentState[]): readonly InstrumentState[] {
  return [...new Map(changed.map((instrument) => [instrumentKey(instrument), instrument])).values()];
}

function countByCode(rejected: readonly RejectedRow[]): Partial<Record<RejectionCode, number>> {
  const counts: Partial<Record<RejectionCode, number>> = {};
  for (const { code } of rejected) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}
