import { instrumentKey, wordAt, type LoggedBatch, type QuoteColumns, type TradeColumns } from '@hindcast/market';
import type { Clock, Floor, TickLog } from '@hindcast/ports';
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

const batchesAtOnceMax = 64;
const intervalMs = 500;
/** The log counts as full a little before the first request is refused. */
const fullAt = 0.9;

/**
 * Drops what everybody is past: a batch goes when the store has shown it and every follower has its effects on disk, and
 * then only as many as the log holds too much. A follower that makes no progress while the log is full is cut off.
 */
export class TrimmerWorker {
  /** Followers cut off, for health and alarms; one that reports again is welcome again. */
  readonly cut = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private readonly startedAtUs: number;

  constructor(private readonly parts: TrimmerParts) {
    this.startedAtUs = parts.clock.nowUs();
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
    const through = this.throughNumber();
    let dropped = 0;
    for (;;) {
      const { firstNumber, rows } = log.position();
      if (rows <= logKeepRows || firstNumber > through || intake.pinsLog) break;
      const batches = this.oldest(firstNumber, Math.min(through, firstNumber + batchesAtOnceMax - 1), rows - logKeepRows);
      const last = batches.at(-1);
      if (!last) break;
      const floors = floorsOf(batches);
      const batchRows = batches.reduce((sum, batch) => sum + rowsOf(batch), 0);
      // Admission forgets first: a row in neither place for a moment would be let in twice.
      intake.trimmed({ batches, floors });
      await log.trim({ throughNumber: last.number, floors, rows: batchRows });
      dropped += batchRows;
    }
    return dropped;
  }

  private oldest(from: number, to: number, rowsTooMany: number): LoggedBatch[] {
    const batches: LoggedBatch[] = [];
    let rows = 0;
    for (let number = from; number <= to && rows < rowsTooMany; number++) {
      const batch = this.parts.log.read(number);
      if (!batch) break;
      batches.push(batch);
      rows += rowsOf(batch);
    }
    return batches;
  }

  /** The newest batch that the store and every follower are past. */
  private throughNumber(): number {
    const { log, followers } = this.parts;
    const { storedThroughNumber, checkpoints } = log.recall();
    const known = new Map(checkpoints.map((checkpoint) => [checkpoint.follower, checkpoint]));
    let through = storedThroughNumber;
    for (const follower of new Set([...followers, ...known.keys()])) {
      const checkpoint = known.get(follower);
      if (this.isCut(follower, checkpoint?.progressAtUs ?? this.startedAtUs)) continue;
      through = Math.min(through, checkpoint?.number ?? 0);
    }
    return through;
  }

  private isCut(follower: string, progressAtUs: number): boolean {
    const { log, clock, logger, logRowsMax, followerStallMs } = this.parts;
    const isStalled = clock.nowUs() - Math.max(progressAtUs, this.startedAtUs) > followerStallMs * 1_000;
    const isFull = log.position().rows >= logRowsMax * fullAt;
    if (!isStalled) this.cut.delete(follower);
    else if (isFull && !this.cut.has(follower)) {
      this.cut.add(follower);
      logger.error({ follower, followerStallMs }, 'follower cut off: it made no progress while the log was full, and has to catch up from the store');
    }
    return this.cut.has(follower);
  }
}

function rowsOf({ trades, quotes }: LoggedBatch): number {
  return trades.length + quotes.length;
}

/** The newest event time of each kind and instrument in these batches. */
function floorsOf(batches: readonly LoggedBatch[]): readonly Floor[] {
  const floors = new Map<string, Floor>();
  const raise = (table: 'trades' | 'quotes', { symbol, market, timeUs, length }: TradeColumns | QuoteColumns): void => {
    for (let row = 0; row < length; row++) {
      const instrument = { market: wordAt(market, row), symbol: wordAt(symbol, row) };
      const key = `${table} ${instrumentKey(instrument)}`;
      const floor = floors.get(key);
      if (!floor || floor.floorUs < timeUs[row]) floors.set(key, { table, ...instrument, floorUs: timeUs[row] });
    }
  };
  for (const { trades, quotes } of batches) {
    raise('trades', trades);
    raise('quotes', quotes);
  }
  return [...floors.values()];
}
