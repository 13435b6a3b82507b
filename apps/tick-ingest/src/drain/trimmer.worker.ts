import {
  clocksAfter,
  instrumentKey,
  newestRows,
  weightOf,
  wordAt,
  type LoggedBatch,
  type QuoteColumns,
  type TradeColumns,
} from '@hindcast/market';
import type { Clock, Floor, FollowerCheckpoint, TickLog } from '@hindcast/ports';
import type { Logger } from '@hindcast/service-kit';
import type { Intake } from '../admission/intake.js';

export interface TrimmerParts {
  readonly log: TickLog;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly logKeepRows: number;
  readonly logRowsMax: number;
  readonly followerStallMs: number;
  /** Followers whose checkpoints hold trimming back even before they first report. */
  readonly followers: readonly string[];
}

/** Taken out at once: they are decoded and forgotten between two answers of the doors. */
const batchesAtOnceMax = 1_024;
const rowsAtOnceMax = 131_072;
const intervalMs = 500;
/** The log counts as full a little before the first request is refused. */
const fullAt = 0.9;

/**
 * Drops what everybody is past: a batch goes when the store has shown it and every follower has its effects on disk, and
 * then only as many as the log holds too much. A follower that makes no progress while the log is full is cut off.
 */
export class TrimmerWorker {
  /** The deployment's own followers that are cut off, for health and alarms; one that reports again is welcome again. */
  readonly cut: Set<string>;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private readonly progress = new Map<string, { readonly number: number; readonly atUs: number }>();

  constructor(private readonly parts: TrimmerParts) {
    const { checkpoints } = parts.log.progress();
    this.cut = new Set(checkpoints.filter(({ isCutOff }) => isCutOff).map(({ follower }) => follower));
  }

  start(): void {
    this.timer = setInterval(() => {
      this.running = this.running
        .then(() => this.trim())
        .then(
          () => undefined,
          (error: unknown) => this.parts.logger.error({ err: error }, 'trimming failed'),
        );
    }, intervalMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** One round; returns the rows dropped. */
  async trim(): Promise<number> {
    const { log, intake, logKeepRows } = this.parts;
    // Who may be cut off is asked only while there is something to drop.
    if (log.position().rows <= logKeepRows && this.cut.size === 0) return 0;
    const through = await this.throughNumber();
    let dropped = 0;
    for (;;) {
      const { firstNumber, rows } = log.position();
      if (rows <= logKeepRows || firstNumber > through || intake.pinsLog) break;
      const batches = this.oldest(firstNumber, through, Math.min(rows - logKeepRows, rowsAtOnceMax));
      const last = batches.at(-1);
      if (!last) break;
      const floors = floorsOf(batches);
      const batchRows = batches.reduce((sum, batch) => sum + weightOf(batch), 0);
      // Admission forgets first: a row in neither place for a moment would be let in twice.
      intake.trimmed({ batches, floors });
      await log.trim({ throughNumber: last.number, floors, clocks: clocksAfter(batches), rows: batchRows });
      dropped += batchRows;
    }
    return dropped;
  }

  private oldest(from: number, to: number, rowsWanted: number): LoggedBatch[] {
    const batches: LoggedBatch[] = [];
    let rows = 0;
    for (let number = from; number <= to && rows < rowsWanted && batches.length < batchesAtOnceMax; number++) {
      const batch = this.parts.log.read(number);
      if (!batch) break;
      batches.push(batch);
      rows += weightOf(batch);
    }
    return batches;
  }

  /** The newest batch that the store and every follower are past. */
  private async throughNumber(): Promise<number> {
    const { log, followers } = this.parts;
    const { storedThroughNumber, checkpoints } = log.progress();
    const known = new Map(checkpoints.map((checkpoint) => [checkpoint.follower, checkpoint]));
    let through = storedThroughNumber;
    const names = new Set([...followers, ...known.keys()]);
    for (const follower of names) {
      const checkpoint = known.get(follower) ?? { follower, number: 0 };
      if (!(await this.isCut(checkpoint))) through = Math.min(through, checkpoint.number);
    }
    for (const follower of this.progress.keys()) if (!names.has(follower)) this.progress.delete(follower);
    return through;
  }

  private async isCut({ follower, number, isCutOff }: Omit<FollowerCheckpoint, 'progressAtUs'>): Promise<boolean> {
    const { log, logRowsMax, followerStallMs } = this.parts;
    const isStalled = this.stalledUs(follower, number) > followerStallMs * 1_000;
    if (isCutOff) {
      this.cut.add(follower);
      return true;
    }
    this.cut.delete(follower);
    const isFull = log.position().rows >= logRowsMax * fullAt;
    return isStalled && isFull && this.cutOff(follower, number);
  }

  /**
   * Not where it has reported meanwhile. The log remembers that one of our own is cut, so that a restart does not wait for it
   * anew; it forgets anybody else's checkpoint, which nobody may ever come back for.
   */
  private async cutOff(follower: string, number: number): Promise<boolean> {
    const { log, logger, followers, followerStallMs } = this.parts;
    const isOurs = followers.includes(follower);
    const isCut = await (isOurs ? log.recordCutOff(follower, number) : log.forgetCheckpoint(follower, number));
    if (!isCut) return false;
    if (isOurs) this.cut.add(follower);
    else this.progress.delete(follower);
    logger.error(
      { follower, followerStallMs, isForgotten: !isOurs },
      'follower cut off: it made no progress while the log was full, and has to catch up from the store',
    );
    return true;
  }

  /** For how long a follower had something to do and did not get on; seen here, so that a restart gives one that is not cut off its time anew. */
  private stalledUs(follower: string, number: number): number {
    const { log, clock } = this.parts;
    const nowUs = clock.nowUs();
    const before = this.progress.get(follower);
    // Back, too, is one that was forgotten and begins anew.
    if (!before || before.number !== number || number >= log.position().headNumber) {
      this.progress.set(follower, { number, atUs: nowUs });
      return 0;
    }
    return nowUs - before.atUs;
  }
}

/** The newest event time of each kind and instrument in these batches. */
function floorsOf(batches: readonly LoggedBatch[]): readonly Floor[] {
  const floors = new Map<string, Floor>();
  const raise = (table: 'trades' | 'quotes', columns: TradeColumns | QuoteColumns): void => {
    for (const row of newestRows(columns)) {
      const instrument = { market: wordAt(columns.market, row), symbol: wordAt(columns.symbol, row) };
      const key = `${table} ${instrumentKey(instrument)}`;
      const floor = floors.get(key);
      const floorUs = columns.timeUs[row];
      if (!floor || floor.floorUs < floorUs) floors.set(key, { table, ...instrument, floorUs });
    }
  };
  for (const { trades, quotes } of batches) {
    raise('trades', trades);
    raise('quotes', quotes);
  }
  return [...floors.values()];
}
