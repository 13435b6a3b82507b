import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { StoredProgress, TickLog } from '@hindcast/ports';
import type { Logger } from '@hindcast/service-kit';
import type { DrainCommand, DrainReport, DrainSettings } from './drain-messages.js';
import type { DrainStatus } from './drain.js';

export interface DrainWorkerParts {
  readonly log: TickLog;
  readonly logDir: string;
  readonly questdbUrl: string;
  readonly pieceRowsMax: number;
  readonly quarantineRowsMax: number;
  readonly pieceIntervalMs: number;
  readonly logger: Logger;
  /** After the progress is on disk. */
  readonly onStored: (progress: StoredProgress, elapsedMs: number) => void;
}

const restartAfterMs = 1_000;

/**
 * Keeps the drain thread going: tells it how far the log is flushed, and writes down what it has seen in the store. A
 * thread that dies is started again at the watermark; what it had sent is sent again, which changes nothing.
 */
export class DrainWorker {
  status: DrainStatus = { state: 'running', detail: '' };
  /** Seen in the store since this process began. */
  rowsStored = 0;
  private thread: Worker | undefined;
  private isStopping = false;
  private isHeld = false;
  /** Of the running thread: its progress rests on one that is not on disk, so none of it counts. */
  private hasLostProgress = false;
  private written: Promise<void> = Promise.resolve();
  private restart: NodeJS.Timeout | undefined;

  constructor(private readonly parts: DrainWorkerParts) {}

  start(): void {
    const { log, logDir, questdbUrl, pieceRowsMax, quarantineRowsMax, pieceIntervalMs } = this.parts;
    const settings: DrainSettings = {
      logDir,
      questdbUrl,
      pieceRowsMax,
      quarantineRowsMax,
      pieceIntervalMs,
      streamId: log.streamId,
      fromNumber: log.progress().storedThroughNumber + 1,
      headNumber: log.position().headNumber,
    };
    const thread = new Worker(new URL('./drain-thread.js', import.meta.url), { workerData: settings, name: 'drain' });
    thread.on('message', (report: DrainReport) => this.receive(report));
    thread.on('error', (error) => this.parts.logger.error({ err: error }, 'drain thread failed'));
    thread.on('exit', () => this.exited());
    this.thread = thread;
    this.hasLostProgress = false;
    // Of the thread before it; the new one reports what it meets.
    this.status = { state: 'running', detail: '' };
  }

  /** The log was flushed up to this batch. */
  advance(number: number): void {
    this.tell({ kind: 'head', number });
  }

  /**
   * Stops, lets the log be changed while nothing is stored, and begins again at the watermark that is there then. What was
   * on its way may arrive all the same: sending it again changes nothing.
   */
  async whileStopped<T>(change: () => Promise<T>): Promise<T> {
    this.isHeld = true;
    clearTimeout(this.restart);
    try {
      await this.thread?.terminate();
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
    if (this.thread) {
      const exit = once(this.thread, 'exit');
      this.tell({ kind: 'stop' });
      await exit;
    }
    await this.written;
  }

  private tell(command: DrainCommand): void {
    this.thread?.postMessage(command);
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
      // The watermark stays: the thread starts again from it and sends the same rows.
      this.hasLostProgress = true;
      logger.error({ err: error }, 'progress of the drain was not written');
      await this.thread?.terminate();
    }
  }

  private exited(): void {
    this.thread = undefined;
    if (this.isStopping || this.isHeld) return;
    this.status = { state: 'waiting', detail: 'the drain thread ended and is started again' };
    this.restart = setTimeout(() => void this.written.then(() => this.isStopping || this.start()), restartAfterMs);
  }
}
