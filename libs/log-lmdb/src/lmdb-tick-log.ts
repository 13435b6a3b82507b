import { HindcastError } from '@hindcast/contracts';
import { decodeLoggedBatch, instrumentOfKey, type LoggedBatch } from '@hindcast/market';
import type {
  CheckpointReport,
  Clock,
  FollowedBatch,
  FollowerCheckpoint,
  FollowOptions,
  LogBeginning,
  LogInheritance,
  LogMemory,
  LogPosition,
  LogProgress,
  LogWrite,
  QuarantinedRow,
  StoredProgress,
  TickLog,
  Trimming,
} from '@hindcast/ports';
import { GroupedWrites } from './grouped-writes.js';
import { notWritten, reasonOf } from './log-failure.js';
import { bytesToWrite, freeBytesOf, whyNoRoom } from './disk-room.js';
import { encodedBatches } from './encoded-batches.js';
import { writeAppended, writeForgotten, writeReleased, writeStored, writeTrimmed } from './log-changes.js';
import { faultOfStored, writesInTurn } from './log-counters.js';
import { countMarksHeld, writeInheritance } from './log-opening.js';
import {
  countersKey,
  floorOfKey,
  identityKey,
  logFormatVersion,
  openTables,
  type LogCounters,
  type LogIdentity,
  type LogTables,
} from './log-tables.js';

export interface OpenLogOptions {
  readonly dir: string;
  readonly clock: Clock;
  /** The id of a log that does not exist yet. */
  readonly newStreamId: () => string;
  /** Called once, for a log that does not exist yet: what it takes over from a store that has rows already. */
  readonly inherit: () => Promise<LogInheritance>;
  /** Room on the disk; a test may say that there is none. */
  readonly freeBytes?: () => number;
}

export class LmdbTickLog implements TickLog {
  readonly streamId: string;
  /** Why the newest write did not come to the disk; undefined after one that did. */
  failure: HindcastError | undefined;
  private counters: LogCounters;
  private readonly waiting = new Set<() => void>();
  private readonly writes = new GroupedWrites<LogWrite>((group) => this.appendGroup(group));
  private isClosed = false;

  private constructor(
    private readonly tables: LogTables,
    private readonly clock: Clock,
    private readonly freeBytes: () => number,
  ) {
    const identity = tables.meta.get(identityKey) as LogIdentity;
    if (identity.formatVersion !== logFormatVersion) {
      throw new HindcastError(
        'LOG_UNAVAILABLE',
        `the log is of format ${String(identity.formatVersion)}; this version reads ${String(logFormatVersion)}: start the version that wrote it, or name another folder with HINDCAST_HOME`,
      );
    }
    this.streamId = identity.streamId;
    this.counters = tables.meta.get(countersKey) as LogCounters;
  }

  static async open({ dir, clock, newStreamId, inherit, freeBytes = () => freeBytesOf(dir) }: OpenLogOptions): Promise<LmdbTickLog> {
    const tables = openTables(dir, { readOnly: false });
    try {
      if (tables.meta.get(identityKey) === undefined) {
        const inheritance = await inherit();
        await tables.root.childTransaction(() => {
          writeInheritance(tables, inheritance);
          void tables.meta.put(identityKey, { streamId: newStreamId(), formatVersion: logFormatVersion });
        });
      }
      await tables.root.childTransaction(() => countMarksHeld(tables));
      return new LmdbTickLog(tables, clock, freeBytes);
    } catch (error) {
      await tables.root.close();
      throw error;
    }
  }

  position(): LogPosition {
    const { firstNumber, headNumber, rows, serial } = this.counters;
    return { firstNumber, headNumber, rows, serial };
  }

  /** The ledger's sums, without reading anything: for metrics. */
  counts(): Pick<LogMemory, 'totals' | 'storedThroughNumber'> {
    return this.counters;
  }

  append(write: LogWrite): Promise<void> {
    return this.writes.add(write);
  }

  waits(serial: number): boolean {
    return this.writes.sharesNext((write) => write.serial === serial);
  }

  private async appendGroup(group: readonly LogWrite[]): Promise<readonly (Error | undefined)[]> {
    const { taken, faults } = writesInTurn(this.counters, group);
    // Before the transaction, which holds up every other one.
    const bodies = encodedBatches(taken);
    const bytes = bytesToWrite(bodies.reduce((sum, { body }) => sum + body.length, 0));
    if (taken.length > 0) await this.changeCounters((before) => writeAppended(this.tables, before, { writes: taken, bodies }), bytes);
    return faults.map((fault) => (fault === undefined ? undefined : notWritten(fault)));
  }

  read(number: number): LoggedBatch | undefined {
    const body = this.readBody(number);
    return body && decodeLoggedBatch(body);
  }

  /** The batch as it rests, for passing it on without decoding it. */
  readBody(number: number): Uint8Array | undefined {
    const { batches } = this.tables;
    if (number > this.counters.headNumber) return undefined;
    const body = batches.getBinary(number);
    if (body || number < this.counters.firstNumber) return body;
    // What was read a moment ago may still hold the snapshot from before the flush.
    batches.resetReadTxn();
    return batches.getBinary(number);
  }

  recall(): LogMemory {
    const { tables } = this;
    // From the same snapshot as the cells: sums and cells of two moments would not agree.
    const counters = tables.meta.get(countersKey) as LogCounters;
    return {
      instruments: [...tables.instruments.getRange()].map(({ value }) => value),
      floors: [...tables.floors.getRange()].map(({ key, value }) => ({ ...floorOfKey(key), floorUs: value })),
      totals: counters.totals,
      rejectedByCode: counters.rejectedByCode,
      cells: [...tables.cells.getRange()].map(({ value }) => value),
      quarantine: [...tables.quarantine.getRange()].map(({ value }) => value),
      storedThroughNumber: counters.storedThroughNumber,
      checkpoints: [...tables.checkpoints.getRange()].map(({ value }) => value),
    };
  }

  progress(): LogProgress {
    const { checkpoints } = this.tables;
    // Otherwise it may be what was there when this turn of the event loop began to read.
    checkpoints.resetReadTxn();
    return {
      storedThroughNumber: this.counters.storedThroughNumber,
      checkpoints: [...checkpoints.getRange()].map(({ value }) => value),
    };
  }

  quarantine(): readonly QuarantinedRow[] {
    const { quarantine } = this.tables;
    quarantine.resetReadTxn();
    return [...quarantine.getRange()].map(({ value }) => value);
  }

  async recordStored(progress: StoredProgress): Promise<void> {
    let fault: string | undefined;
    await this.changeCounters((before) => {
      fault = faultOfStored(before, progress);
      return fault === undefined ? writeStored(this.tables, before, progress) : before;
    });
    if (fault !== undefined) throw notWritten(fault);
  }

  forgetStored(progress: Omit<StoredProgress, 'firstNumber'>): Promise<void> {
    return this.changeCounters((before) => writeForgotten(this.tables, before, progress));
  }

  releaseQuarantine(rows: readonly QuarantinedRow[]): Promise<void> {
    return this.changeCounters((before) => writeReleased(this.tables, before, rows));
  }

  trim(trimming: Trimming): Promise<void> {
    return this.changeCounters((before) => writeTrimmed(this.tables, before, trimming));
  }

  async beginning(): Promise<LogBeginning> {
    const { meta, clocks } = this.tables;
    // One snapshot for both: a clock that is ahead of the first batch would make its trades late.
    meta.resetReadTxn();
    const { firstNumber } = meta.get(countersKey) as LogCounters;
    const marks = [...clocks.getRange()].map(({ key, value }) => ({ ...instrumentOfKey(key), timeUs: value }));
    return { streamId: this.streamId, firstNumber, clocks: marks };
  }

  async reportCheckpoint({ streamId, follower, number }: CheckpointReport): Promise<void> {
    this.requireStream(streamId);
    const { checkpoints } = this.tables;
    await this.write(() => {
      const before = checkpoints.get(follower);
      if (before && before.number >= number) return;
      void checkpoints.put(follower, { follower, number, progressAtUs: this.clock.nowUs() });
    });
  }

  async recordCutOff(follower: string, atNumber: number): Promise<boolean> {
    const { checkpoints } = this.tables;
    return this.changeCheckpoint(follower, (known = { follower, number: 0, progressAtUs: 0 }) => {
      if (known.number !== atNumber) return false;
      void checkpoints.put(follower, { ...known, isCutOff: true });
      return true;
    });
  }

  async forgetCheckpoint(follower: string, atNumber?: number): Promise<boolean> {
    const { checkpoints } = this.tables;
    return this.changeCheckpoint(follower, (known) => {
      if (!known || known.number !== (atNumber ?? known.number)) return false;
      void checkpoints.remove(follower);
      return true;
    });
  }

  async *follow(options: FollowOptions): AsyncIterable<FollowedBatch> {
    for await (const { body, headNumber } of this.followBodies(options)) {
      yield { streamId: this.streamId, batch: decodeLoggedBatch(body), headNumber };
    }
  }

  /** As `follow`, with batches as they rest. */
  async *followBodies({
    fromNumber,
    streamId,
    signal,
  }: FollowOptions): AsyncIterable<{ readonly number: number; readonly body: Uint8Array; readonly headNumber: number }> {
    this.requireStream(streamId);
    for (let number = fromNumber; !signal?.aborted && !this.isClosed;) {
      const { firstNumber, headNumber } = this.counters;
      if (number < firstNumber) throw trimmed(number, firstNumber);
      if (number > headNumber) {
        await this.nextFlush(signal);
        continue;
      }
      const body = this.readBody(number);
      // A trimming that is on disk already and not yet counted.
      if (!body) throw trimmed(number, (this.tables.meta.get(countersKey) as LogCounters).firstNumber);
      yield { number, body, headNumber };
      number++;
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.wake();
    await this.writes.settled();
    await this.tables.root.close();
  }

  private requireStream(streamId: string | undefined): void {
    if (streamId !== undefined && streamId !== '' && streamId !== this.streamId) {
      throw new HindcastError('STREAM_UNKNOWN', `the log's stream is ${this.streamId}, not ${streamId}`, {
        details: { stream_id: this.streamId },
      });
    }
  }

  private nextFlush(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.waiting.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  private wake(): void {
    for (const wake of [...this.waiting]) wake();
  }

  /** Inside the transaction, so that a report that came meanwhile is seen. */
  private async changeCheckpoint(follower: string, change: (known?: FollowerCheckpoint) => boolean): Promise<boolean> {
    let isChanged = false;
    await this.write(() => {
      isChanged = change(this.tables.checkpoints.get(follower));
    });
    return isChanged;
  }

  /** `change` gets what the transaction before has left: what this process knows may be behind it. */
  private async changeCounters(change: (before: LogCounters) => LogCounters, bytes?: number): Promise<void> {
    let counters = this.counters;
    await this.write(() => {
      counters = change(this.tables.meta.get(countersKey) as LogCounters);
      void this.tables.meta.put(countersKey, counters);
    }, bytes);
    const { headNumber } = this.counters;
    this.counters = counters;
    if (counters.headNumber > headNumber) this.wake();
  }

  private requireRoom(bytes: number): void {
    const reason = whyNoRoom(this.freeBytes(), bytes);
    if (reason === undefined) return;
    this.failure = notWritten(reason);
    throw this.failure;
  }

  /** A child transaction, because only that is undone when the action throws halfway; it is on disk when its parent is. */
  private async write(action: () => void, bytes = bytesToWrite(0)): Promise<void> {
    this.requireRoom(bytes);
    try {
      await this.tables.root.childTransaction(action);
      this.failure = undefined;
    } catch (cause) {
      this.failure = notWritten(await reasonOf(cause), cause);
      throw this.failure;
    }
  }
}

function trimmed(number: number, firstNumber: number): HindcastError {
  return new HindcastError('NUMBER_TRIMMED', `batch ${String(number)} was trimmed; the log begins at ${String(firstNumber)}`, {
    details: { first_number: firstNumber },
  });
}
