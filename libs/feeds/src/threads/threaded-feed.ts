import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { HindcastError } from '@hindcast/contracts';
import type { TickBatch } from '@hindcast/market';
import type { FeedConfig } from '../config/feeds-config.js';
import type { FeedSecrets } from '../config/feed-factory.js';
import { noGaps, type Feed, type FeedKind, type FeedPosition, type SourceStatus } from '../feed.js';
import type { FeedThreadData, ThreadCommand, ThreadReport } from './thread-messages.js';

export interface ThreadedFeedOptions {
  readonly config: FeedConfig;
  readonly secrets: FeedSecrets;
  /** Of the thread's heap. */
  readonly heapMbMax?: number;
  /** The thread's file, where it is not the built one: tests run sources. */
  readonly thread?: { readonly url: URL; readonly execArgv: readonly string[] };
}

/** Batches that the thread makes while one is being taken. */
const aheadMax = 2;
const stopMs = 5_000;
const heapMbMaxDefault = 512;

/**
 * A feed that runs in a thread of its own: neither the making of history nor the parsing of a flood holds up the doors of
 * the process, its memory has a bound, and where a library ends its thread by an error that nobody could catch, the feed is
 * opened again, behind the last batch that came.
 */
export class ThreadedFeed implements Feed {
  readonly name: string;
  private lastPosition: FeedPosition | undefined;
  private lastStatus: SourceStatus = unopened;
  private lastKind: FeedKind;

  constructor(private readonly options: ThreadedFeedOptions) {
    const { name, kind } = options.config;
    this.name = name;
    this.lastKind = kind === 'auto' ? 'crypto' : kind;
  }

  /** Of 'auto', what it turned out to be. */
  get kind(): FeedKind {
    return this.lastKind;
  }

  status(): SourceStatus {
    return this.lastStatus;
  }

  position(): FeedPosition {
    return this.lastPosition ?? {};
  }

  resume(position: FeedPosition): void {
    this.lastPosition = position;
  }

  [Symbol.asyncIterator](): AsyncIterator<TickBatch> {
    const { config, secrets, heapMbMax = heapMbMaxDefault, thread } = this.options;
    const data: FeedThreadData = { config, secrets, position: this.lastPosition };
    const worker = new Worker(thread?.url ?? new URL('./feed-thread.js', import.meta.url), {
      workerData: data,
      name: `feed ${this.name}`,
      resourceLimits: { maxOldGenerationSizeMb: heapMbMax },
      ...(thread ? { execArgv: [...thread.execArgv] } : {}),
    });
    return new ThreadReading(worker, {
      onStatus: (status, kind) => {
        this.lastStatus = status;
        this.lastKind = kind;
      },
      onPosition: (position) => (this.lastPosition = position),
    });
  }
}

const unopened: SourceStatus = {
  state: 'connecting',
  lastMessageUs: null,
  lagMs: null,
  clockSkewMs: null,
  reconnects: 0,
  gaps: noGaps,
  detail: '',
  symbols: [],
};

interface ReadingEvents {
  readonly onStatus: (status: SourceStatus, kind: FeedKind) => void;
  readonly onPosition: (position: FeedPosition) => void;
}

/** One thread, from its start to its end. */
class ThreadReading implements AsyncIterator<TickBatch> {
  private readonly arrived: { readonly batch: TickBatch; readonly position: FeedPosition }[] = [];
  private ending: { readonly error?: HindcastError } | undefined;
  private readonly exited: Promise<unknown>;
  private wake: () => void = () => undefined;

  constructor(
    private readonly worker: Worker,
    private readonly events: ReadingEvents,
  ) {
    this.exited = once(worker, 'exit');
    // `once` rejects where the thread has failed; the listener below says so.
    this.exited.catch(() => undefined);
    worker.on('message', (report: ThreadReport) => this.receive(report));
    worker.on('error', (cause) => this.end(new HindcastError('FEED_AWAY', `the feed's thread failed: ${messageOf(cause)}`, { cause })));
    worker.on('exit', () => this.end(new HindcastError('FEED_AWAY', "the feed's thread ended")));
    for (let batch = 0; batch < aheadMax; batch++) this.tell({ kind: 'next' });
  }

  async next(): Promise<IteratorResult<TickBatch>> {
    for (;;) {
      const arrived = this.arrived.shift();
      if (arrived) {
        this.tell({ kind: 'next' });
        this.events.onPosition(arrived.position);
        return { done: false, value: arrived.batch };
      }
      if (this.ending?.error) throw this.ending.error;
      if (this.ending) return { done: true, value: undefined };
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  async return(): Promise<IteratorResult<TickBatch>> {
    this.end();
    this.arrived.length = 0;
    this.tell({ kind: 'stop' });
    const timer = setTimeout(() => void this.worker.terminate(), stopMs);
    await this.exited.catch(() => undefined);
    clearTimeout(timer);
    return { done: true, value: undefined };
  }

  private receive(report: ThreadReport): void {
    if (report.kind === 'batch') {
      if (!this.ending) this.arrived.push(report);
    } else if (report.kind === 'status') {
      this.events.onStatus(report.status, report.feedKind);
    } else {
      this.end(report.kind === 'failed' ? new HindcastError(report.code ?? 'INTERNAL', report.message) : undefined);
    }
    this.wake();
  }

  /** The first word counts: a thread that has said why it ends ends. */
  private end(error?: HindcastError): void {
    this.ending ??= error ? { error } : {};
    this.wake();
  }

  private tell(command: ThreadCommand): void {
    this.worker.postMessage(command);
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
