import { randomUUID } from 'node:crypto';
import { HindcastError } from '@hindcast/contracts';

export type JobState = 'running' | 'done' | 'failed' | 'cancelled';

/** What every job has; what it is about follows. */
export interface BackgroundJob {
  readonly id: string;
  readonly abort: AbortController;
  state: JobState;
  /** 0 to 1. */
  progress: number;
  error?: string;
  ended: Promise<void>;
}

export interface JobRules<Job> {
  /** What is told while another one is under way. */
  readonly busy: (running: Job) => HindcastError;
  /** What a job is called in messages. */
  readonly name: string;
  readonly onEnd: (job: Job, failure: unknown) => void;
}

/** Ended jobs that can still be asked about. */
const jobsMax = 100;

export function freshJob(id: string = randomUUID()): BackgroundJob {
  return { id, abort: new AbortController(), state: 'running', progress: 0, ended: Promise.resolve() };
}

/** One job at a time, in the background; the last ones are kept in memory. */
export class BackgroundJobs<Job extends BackgroundJob> {
  private readonly jobs = new Map<string, Job>();

  constructor(private readonly rules: JobRules<Job>) {}

  get running(): Job | undefined {
    return [...this.jobs.values()].find(({ state }) => state === 'running');
  }

  /** Newest first. */
  get all(): readonly Job[] {
    return [...this.jobs.values()].reverse();
  }

  requireNone(): void {
    const { running } = this;
    if (running) throw this.rules.busy(running);
  }

  start(job: Job, work: (job: Job) => Promise<void>): Job {
    this.requireNone();
    this.jobs.set(job.id, job);
    const [oldest] = this.jobs.keys();
    if (this.jobs.size > jobsMax && oldest !== undefined) this.jobs.delete(oldest);
    job.ended = this.run(job, work);
    return job;
  }

  /** JOB_UNKNOWN */
  get(id: string): Job {
    const job = this.jobs.get(id);
    if (!job) throw new HindcastError('JOB_UNKNOWN', `There is no ${this.rules.name} ${JSON.stringify(id.slice(0, 60))}.`);
    return job;
  }

  /** Resolves when it has ended; what it wrote stays. An ended one is left as it is. */
  async cancel(id: string): Promise<Job> {
    const job = this.get(id);
    job.abort.abort();
    await job.ended;
    return job;
  }

  async close(): Promise<void> {
    await Promise.all([...this.jobs.keys()].map((id) => this.cancel(id)));
  }

  private async run(job: Job, work: (job: Job) => Promise<void>): Promise<void> {
    let failure: unknown;
    try {
      await work(job);
      job.state = 'done';
      job.progress = 1;
    } catch (error) {
      failure = job.abort.signal.aborted ? undefined : error;
      job.state = failure === undefined ? 'cancelled' : 'failed';
      if (failure !== undefined)
        job.error = failure instanceof HindcastError ? `${failure.code}: ${failure.message}` : 'INTERNAL: a fault of ours';
    }
    this.rules.onEnd(job, failure);
  }
}
