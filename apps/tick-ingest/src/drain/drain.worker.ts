import type { StoredProgress, TickLog } from '@hindcast/ports';
import type { Logger } from '@hindcast/service-kit';
import type { DrainReport } from './drain-messages.js';
import type { DrainRun, StartDrain } from './drain-run.js';
import type { DrainStatus } from './drain.js';

export interface DrainWorkerParts {
  readonly log: TickLog;
  readonly logDir: string;
  readonly startDrain: StartDrain;
  readonly pieceRowsMax: number;
  readonly quarantineRowsMax: number;
  readonly pieceIntervalMs: number;
  readonly logger: Logger;
  /** After the progress is on disk. */
  readonly onStored: (progress: StoredProgress, elapsedMs: number) => void;
}

const restartAfterMs = 1_000;

/**
 * Keeps the drain going: tells it how far the log is flushed, and writes down what it has seen in the store. A drain that
 * ends by itself is started again at the watermark; what it had sent is sent again, which changes nothing.
 */
export class DrainWorker {
  status: DrainStatus = { state: 'running', detail: '' };
  /** Seen in the store since this process began. */
  rowsStored = 0;
  private run: DrainRun | undefined;
  private isStopping = false;
  private isHeld = false;
  /** Of this run: its progress rests on one that is not on disk, so none of it counts. */
  private hasLostProgress = false;
  private written: Promise<void> = Promise.resolve();
  private restart: NodeJS.Timeout | undefined;

  constructor(private readonly parts: DrainWorkerParts) {}

  start(): void {
    const { log, logDir, startDrain, pieceRowsMax, quarantineRowsMax, pieceIntervalMs, logger } = this.parts;
    const settings = {
      logDir,
      pieceRowsMax,
      quarantineRowsMax,
      pieceIntervalMs,
      streamId: log.streamId,
      fromNumber: log.progress().storedThroughNumber + 1,
      headNumber: log.position().headNumber,
    };
    this.hasLostProgress = false;
    // Of the run before it; the new one reports what it meets.
    this.status = { state: 'running', detail: '' };
    const run = startDrain(settings, {
      read: (number) => log.read(number),
      onReport: (report) => this.receive(report),
      onFailure: (error) => logger.error({ err: error }, 'drain failed'),
    });
    this.run = run;
    void run.ended.then(() => this.ended(run));
  }

  /** The log was flushed up to this batch. */
  advance(number: number): void {
    this.run?.advance(number);
  }

  /**
   * Stops, lets the log be changed while nothing is stored, and begins again at the watermark that is there then. What was
   * on its way may arrive all the same: sending it again changes nothing.
   */
  async whileStopped<T>(change: () => Promise<T>): Promise<T> {
    this.isHeld = true;
    clearTimeout(this.restart);
    try {
      await this.run?.cutOff();
      await this.written;
      return await change();
    } finally {
      this.isHeld = false;
      if (!this.isStopping) this.start();
    }
  }

  /** Ends after the pieces on their way; their rows are sent again at the next start where they were not seen. */
  async stop(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.restart);
    this.run?.stop();
    await this.run?.ended;
    await this.written;
  }

  private receive(report: DrainReport): void {
    if (report.kind === 'status') {
      this.status = report.status;
      const level = report.status.state === 'running' ? 'info' : 'warn';
      this.parts.logger[level](report.status, 'drain');
      return;
    }
    this.written = this.written.then(() => this.writeDown(report.progress, report.elapsedMs));
  }

  private async writeDown(progress: StoredProgress, elapsedMs: number): Promise<void> {
    const { log, logger, onStored } = this.parts;
    if (this.hasLostProgress) return;
    try {
      await log.recordStored(progress);
      this.rowsStored += progress.stored.reduce((sum, { rows }) => sum + rows, 0);
      onStored(progress, elapsedMs);
    } catch (error) {
      // The watermark stays: the drain starts again from it and sends the same rows.
      this.hasLostProgress = true;
      logger.error({ err: error }, 'progress of the drain was not written');
      await this.run?.cutOff();
    }
  }

  private ended(run: DrainRun): void {
    if (this.run !== run) return;
    this.run = undefined;
    if (this.isStopping || this.isHeld) return;
    this.status = { state: 'waiting', detail: 'the drain ended and is started again' };
    this.restart = setTimeout(() => void this.written.then(() => this.isStopping || this.start()), restartAfterMs);
  }
}
