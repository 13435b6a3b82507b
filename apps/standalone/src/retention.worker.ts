import { batchRowsMax } from '@hindcast/market';
import type { Clock, LogFollower } from '@hindcast/ports';
import type { DroppedRows, RetentionRun } from '@hindcast/store-duckdb';
import type { Logger } from '@hindcast/service-kit';

export interface RetentionParts {
  readonly retain: (run: RetentionRun) => Promise<DroppedRows>;
  readonly log: Pick<LogFollower, 'beginning'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly intervalMs: number;
}

/**
 * Drops what is older than it is to be kept, every few minutes, file by file and beside the drain. What the log holds stays,
 * however old: it may be sent to the store again, which knows a row by its being there.
 */
export class RetentionWorker {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly parts: RetentionParts) {}

  start(): void {
    const { intervalMs, logger } = this.parts;
    this.timer = setInterval(() => {
      this.running = this.running
        .then(() => this.run())
        .catch((error: unknown) => logger.error({ err: error }, 'retention failed, and is tried again'));
    }, intervalMs);
  }

  /** Ends after the round under way. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** One round. */
  async run(): Promise<void> {
    const { retain, log, clock, logger } = this.parts;
    const { firstNumber } = await log.beginning();
    const dropped = await retain({ nowUs: clock.nowUs(), throughSequence: firstNumber * batchRowsMax - 1 });
    if (Object.values(dropped).some((rows: number) => rows > 0)) logger.info(dropped, 'rows dropped by retention');
  }
}
