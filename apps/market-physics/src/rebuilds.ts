import { randomUUID } from 'node:crypto';
import { HindcastError, isoFromUs } from '@hindcast/contracts';
import type { PhysicsState } from '@hindcast/physics';
import type { TickStore } from '@hindcast/ports';
import type { DueQueue } from './checkpoint.js';
import { rebuildInstrument, type RebuildRange, type RebuildTarget } from './rebuild.js';
import { pause, retrying } from './retrying.js';

export interface RebuildRequest extends RebuildRange {
  /** All instruments where there are none. */
  readonly symbols: readonly string[] | undefined;
}

export interface RebuildReport {
  readonly id: string;
  readonly mode: RebuildRange['mode'];
  readonly from: string;
  readonly to: string;
  readonly symbols: readonly string[] | null;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  /** 0 to 1. */
  readonly progress: number;
  readonly states: number;
  /** States that were queued for a vector. */
  readonly embeddings: number;
  readonly error?: string;
}

/** What a rebuild needs to know of the live path. */
export interface LivePath {
  /** Everything that the log held when it was asked has been folded. */
  isThrough(number: number): boolean;
  readonly headNumber: number;
  /** Undefined where the symbol is unknown. */
  targets(symbols: readonly string[] | undefined): readonly RebuildTarget[];
}

export interface RebuildsParts {
  readonly store: Pick<TickStore, 'trades' | 'newestTrades' | 'writeStates'>;
  readonly queue: Pick<DueQueue, 'enqueue'>;
  readonly livePath: LivePath;
  readonly stateIntervalMs: number;
  readonly isEmbeddingDue: (state: PhysicsState) => boolean;
  readonly onEnd: (report: RebuildReport, error?: unknown) => void;
  readonly onQueued: () => void;
}

interface Job {
  readonly id: string;
  readonly request: RebuildRequest;
  readonly abort: AbortController;
  state: RebuildReport['state'];
  progress: number;
  states: number;
  embeddings: number;
  error?: string;
  ended: Promise<void>;
}

/** Ended jobs that can still be asked about. */
const jobsMax = 100;
const followPollMs = 50;

/** One rebuild at a time, in the background; the reports of the last ones are kept in memory. */
export class Rebuilds {
  private readonly jobs = new Map<string, Job>();

  constructor(private readonly parts: RebuildsParts) {}

  /** REBUILD_RUNNING while one is under way, SYMBOL_UNKNOWN where a symbol was never seen. */
  start(request: RebuildRequest): RebuildReport {
    const running = [...this.jobs.values()].find(({ state }) => state === 'running');
    if (running)
      throw new HindcastError('REBUILD_RUNNING', `Rebuild ${running.id} is running; wait for it or cancel it.`, {
        details: { id: running.id },
      });
    this.parts.livePath.targets(request.symbols);
    const job: Job = {
      id: randomUUID(),
      request,
      abort: new AbortController(),
      state: 'running',
      progress: 0,
      states: 0,
      embeddings: 0,
      ended: Promise.resolve(),
    };
    this.jobs.set(job.id, job);
    const [oldest] = this.jobs.keys();
    if (this.jobs.size > jobsMax && oldest !== undefined) this.jobs.delete(oldest);
    job.ended = this.run(job);
    return reportOf(job);
  }

  get(id: string): RebuildReport {
    return reportOf(this.job(id));
  }

  /** Resolves when it has ended; what it wrote stays. An ended one is left as it is. */
  async cancel(id: string): Promise<RebuildReport> {
    const job = this.job(id);
    job.abort.abort();
    await job.ended;
    return reportOf(job);
  }

  async close(): Promise<void> {
    await Promise.all([...this.jobs.keys()].map((id) => this.cancel(id)));
  }

  private job(id: string): Job {
    const job = this.jobs.get(id);
    if (!job) throw new HindcastError('JOB_UNKNOWN', `There is no rebuild ${JSON.stringify(id)}.`);
    return job;
  }

  private async run(job: Job): Promise<void> {
    let failure: unknown;
    try {
      await this.rebuild(job);
      job.state = 'done';
      job.progress = 1;
    } catch (error) {
      failure = job.abort.signal.aborted ? undefined : error;
      job.state = failure === undefined ? 'cancelled' : 'failed';
      if (failure !== undefined)
        job.error = failure instanceof HindcastError ? `${failure.code}: ${failure.message}` : 'INTERNAL: a fault of ours';
    }
    this.parts.onEnd(reportOf(job), failure);
  }

  private async rebuild(job: Job): Promise<void> {
    const { livePath, store, stateIntervalMs } = this.parts;
    const { signal } = job.abort;
    // Ticks that were acknowledged before the request are part of it.
    const headNumber = livePath.headNumber;
    while (!livePath.isThrough(headNumber)) {
      signal.throwIfAborted();
      await pause(followPollMs, signal);
    }
    const targets = livePath.targets(job.request.symbols);
    for (const [done, target] of targets.entries()) {
      await rebuildInstrument(target, job.request, {
        store,
        stateIntervalMs,
        signal,
        keep: (states) => this.keep(job, states),
        onProgress: (share) => (job.progress = (done + share) / targets.length),
      });
    }
  }

  /** Queued before it is stored: a state that is stored has its vector, or is in the queue. */
  private async keep(job: Job, states: readonly PhysicsState[]): Promise<void> {
    const { store, queue, isEmbeddingDue, onQueued } = this.parts;
    const due = states.filter(isEmbeddingDue);
    await queue.enqueue(due);
    if (due.length > 0) onQueued();
    await retrying(() => store.writeStates(states, job.request.mode), {
      signal: job.abort.signal,
      onFailure: (error) => (job.error = error.message),
    });
    delete job.error;
    job.states += states.length;
    job.embeddings += due.length;
  }
}

function reportOf({ id, request, state, progress, states, embeddings, error }: Job): RebuildReport {
  return {
    id,
    mode: request.mode,
    from: isoFromUs(request.fromUs),
    to: isoFromUs(request.toUs),
    symbols: request.symbols ?? null,
    state,
    progress,
    states,
    embeddings,
    ...(error === undefined ? {} : { error }),
  };
}
