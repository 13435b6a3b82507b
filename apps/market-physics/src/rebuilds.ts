import { HindcastError, isoFromUs } from '@hindcast/contracts';
import type { PhysicsState } from '@hindcast/physics';
import type { TickStore } from '@hindcast/ports';
import type { DueQueue } from './checkpoint.js';
import { BackgroundJobs, freshJob, type BackgroundJob, type JobState } from './background-jobs.js';
import { throughHead, type LivePath } from './live-path.js';
import { rebuildInstrument, type RebuildRange } from './rebuild.js';
import { retrying } from './retrying.js';

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
  readonly state: JobState;
  /** 0 to 1. */
  readonly progress: number;
  readonly states: number;
  /** States that were queued for a vector. */
  readonly embeddings: number;
  readonly error?: string;
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

interface Job extends BackgroundJob {
  readonly request: RebuildRequest;
  states: number;
  embeddings: number;
}

/** One rebuild at a time, in the background; the reports of the last ones are kept in memory. */
export class Rebuilds {
  private readonly jobs: BackgroundJobs<Job>;

  constructor(private readonly parts: RebuildsParts) {
    this.jobs = new BackgroundJobs({
      name: 'rebuild',
      busy: ({ id }) => new HindcastError('REBUILD_RUNNING', `Rebuild ${id} is running; wait for it or cancel it.`, { details: { id } }),
      onEnd: (job, failure) => parts.onEnd(reportOf(job), failure),
    });
  }

  /** REBUILD_RUNNING while one is under way, SYMBOL_UNKNOWN where a symbol was never seen. */
  start(request: RebuildRequest): RebuildReport {
    this.jobs.requireNone();
    this.parts.livePath.targets(request.symbols);
    return reportOf(this.jobs.start({ ...freshJob(), request, states: 0, embeddings: 0 }, (job) => this.rebuild(job)));
  }

  get(id: string): RebuildReport {
    return reportOf(this.jobs.get(id));
  }

  /** Resolves when it has ended; what it wrote stays. An ended one is left as it is. */
  async cancel(id: string): Promise<RebuildReport> {
    return reportOf(await this.jobs.cancel(id));
  }

  close(): Promise<void> {
    return this.jobs.close();
  }

  private async rebuild(job: Job): Promise<void> {
    const { livePath, store, stateIntervalMs } = this.parts;
    const { signal } = job.abort;
    await throughHead(livePath, signal);
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
