import { HindcastError, isoFromUs, type MemoryJobDto } from '@hindcast/contracts';
import { memoryId, type MemoryDefinition } from '@hindcast/memory';
import type { Clock, MomentStore, TickStore } from '@hindcast/ports';
import { BackgroundJobs, freshJob, type BackgroundJob } from '../background-jobs.js';
import { throughHead, type LivePath } from '../live-path.js';
import { buildSubjects } from './build-subjects.js';
import { fitDefinition, type FitRequest } from './fit-moments.js';
import { measuredSkill } from './measured-skill.js';
import { MemoryWriter } from './memory-writer.js';
import type { MomentFolder } from './moment-folder.js';
import { builtSessions, type BuildSubject } from './session-builds.js';
import { missingSessions, type KnownSessions } from './missing-sessions.js';
import type { SessionRun } from './session-runs.js';

export interface BuildRequest {
  readonly memory: string;
  /** Everything that is stored where they are not given. */
  readonly fromUs: number | undefined;
  readonly toUs: number | undefined;
  /** All instruments where there are none. */
  readonly symbols: readonly string[] | undefined;
  /** At the end what the memory is worth is measured anew. */
  readonly measure: boolean;
}

interface Job extends BackgroundJob {
  readonly kind: 'fit' | 'build';
  readonly memory: string;
  readonly symbols: readonly string[] | undefined;
  readonly fromUs: number | undefined;
  readonly toUs: number | undefined;
  readonly startedUs: number;
  endedUs: number | undefined;
  moments: number;
  sessions: number;
  sessionsSkipped: number;
  /** Instruments that cannot be read, with the reason. */
  leftOut: readonly string[];
}

export interface MemoryJobsParts {
  readonly store: Pick<TickStore, 'trades' | 'bestQuotes' | 'newestTrades' | 'instruments'>;
  readonly moments: MomentStore;
  readonly livePath: LivePath;
  readonly openFolder: () => MomentFolder;
  /** Instruments that are built at once. */
  readonly workers: number;
  readonly clock: Clock;
  /** How long the store may show nothing more of what was acknowledged; a minute where nothing is said. */
  readonly stallMaxMs?: number;
  readonly onWritten: (memory: string, rows: number) => void;
  readonly onEnd: (report: MemoryJobDto, error?: unknown) => void;
}

/** Fits and builds of memories: one at a time, in the background. */
export class MemoryJobs {
  private readonly jobs: BackgroundJobs<Job>;

  constructor(private readonly parts: MemoryJobsParts) {
    this.jobs = new BackgroundJobs({
      name: 'job of a memory',
      busy: ({ id, kind, memory }) =>
        new HindcastError('MEMORY_BUSY', `The ${kind} ${id} of ${memory} is under way: wait for it, or stop it.`, { details: { id } }),
      onEnd: (job, failure) => {
        job.endedUs = parts.clock.nowUs();
        parts.onEnd(this.report(job), failure);
      },
    });
  }

  /** MEMORY_BUSY, MEMORY_EXISTS, SYMBOL_UNKNOWN */
  async startFit(request: FitRequest): Promise<MemoryJobDto> {
    memoryId(request.id);
    this.jobs.requireNone();
    this.parts.livePath.targets(request.symbols);
    const there = await this.parts.moments.memories();
    if (there.some(({ definition }) => definition.id === request.id))
      throw new HindcastError('MEMORY_EXISTS', `There is a memory ${request.id}: choose another name, or drop it first.`);
    const job = this.jobOf('fit', { ...request, memory: request.id });
    return this.report(this.jobs.start(job, () => this.fit(job, request)));
  }

  /** MEMORY_BUSY, MEMORY_UNKNOWN, SYMBOL_UNKNOWN */
  async startBuild(request: BuildRequest): Promise<MemoryJobDto> {
    this.jobs.requireNone();
    this.parts.livePath.targets(request.symbols);
    const definition = await definitionOf(this.parts.moments, request.memory);
    const job = this.jobOf('build', request);
    return this.report(
      this.jobs.start(job, async () => {
        await this.build(job, definition);
        if (request.measure) await this.measure(job, definition);
      }),
    );
  }

  get(id: string): MemoryJobDto {
    return this.report(this.jobs.get(id));
  }

  /** Newest first. */
  get all(): readonly MemoryJobDto[] {
    return this.jobs.all.map((job) => this.report(job));
  }

  /** Whether a job writes to this memory, or is making it. */
  isBusyWith(memory: string): boolean {
    return this.jobs.running?.memory === memory;
  }

  /** Resolves when it has ended; what a build has stored stays. */
  async cancel(id: string): Promise<MemoryJobDto> {
    return this.report(await this.jobs.cancel(id));
  }

  close(): Promise<void> {
    return this.jobs.close();
  }

  private jobOf(kind: Job['kind'], { memory, symbols, fromUs, toUs }: Omit<BuildRequest, 'measure'>): Job {
    const counts = { moments: 0, sessions: 0, sessionsSkipped: 0, leftOut: [] };
    const startedUs = this.parts.clock.nowUs();
    return { ...freshJob(), ...counts, kind, memory, symbols, fromUs, toUs, startedUs, endedUs: undefined };
  }

  private async fit(job: Job, request: FitRequest): Promise<void> {
    const { signal } = job.abort;
    const { store, moments } = this.parts;
    const subjects = await this.subjects(job);
    const definition = await this.learning(signal, (folder) =>
      fitDefinition(request, subjects, {
        store,
        folder,
        signal,
        onMoments: (made) => (job.moments = made),
        onShare: (share) => (job.progress = share * readingShareOfFit),
      }),
    );
    await moments.create(definition);
  }

  /** Learning does not look up: its thread ends where it is given up. */
  private async learning<Learned>(signal: AbortSignal, learn: (folder: MomentFolder) => Promise<Learned>): Promise<Learned> {
    const folder = this.parts.openFolder();
    const giveUp = (): void => void folder.close();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      const learned = await learn(folder);
      signal.throwIfAborted();
      return learned;
    } finally {
      signal.removeEventListener('abort', giveUp);
      await folder.close();
    }
  }

  private async build(job: Job, definition: MemoryDefinition): Promise<void> {
    const { signal } = job.abort;
    const { moments, onWritten } = this.parts;
    const subjects = await this.subjects(job);
    const [spans, lateSessions] = await Promise.all([moments.spans(definition.id), moments.lateSessions(definition.id)]);
    const tasks = await tasksOf(job, subjects, { spans, lateSessions });
    const writer = new MemoryWriter({
      moments,
      memory: definition.id,
      signal,
      onWritten: (rows) => {
        job.moments += rows;
        delete job.error;
        onWritten(definition.id, rows);
      },
      onFailure: (error) => (job.error = error.message),
    });
    const shares = new Map<BuildTask, number>();
    const rest = [...tasks];
    await inParallel(Math.min(this.parts.workers, tasks.length), signal, async (stopped) => {
      const folder = this.parts.openFolder();
      try {
        for (let task = rest.shift(); task; task = rest.shift())
          await this.buildRun(job, { task, definition, folder, writer, shares, signal: stopped });
      } finally {
        await folder.close();
      }
    });
    await writer.flush();
  }

  /** A memory of one day keeps what it shipped with: there is nothing to measure it on. */
  private async measure(job: Job, definition: MemoryDefinition): Promise<void> {
    const { moments } = this.parts;
    const skill = await this.learning(job.abort.signal, (folder) => measuredSkill(definition, { moments, folder }));
    if (skill) await moments.recordSkill(definition.id, skill);
  }

  private async buildRun(job: Job, { task, definition, folder, writer, shares, signal }: RunParts): Promise<void> {
    const { store } = this.parts;
    const pieces = builtSessions(task.subject, { run: task.run, rule: definition }, { store, folder, signal });
    for await (const made of pieces) {
      await writer.add(made);
      shares.set(task, made.share * task.run.sessions);
      job.progress = sum(shares.values()) / Math.max(1, job.sessions - job.sessionsSkipped);
    }
  }

  /** Ticks that were acknowledged before the request are part of the job, and are in the store. */
  private async subjects(job: Job): Promise<readonly BuildSubject[]> {
    const { livePath, store, stallMaxMs } = this.parts;
    const { signal } = job.abort;
    await throughHead(livePath, signal);
    const { subjects, leftOut } = await buildSubjects(livePath.targets(job.symbols), { store, signal, stallMaxMs });
    job.leftOut = leftOut;
    return subjects;
  }

  private report(job: Job): MemoryJobDto {
    const { id, kind, memory, symbols, fromUs, toUs, state, progress, moments, sessions, sessionsSkipped, leftOut, error } = job;
    const elapsedSeconds = ((job.endedUs ?? this.parts.clock.nowUs()) - job.startedUs) / 1e6;
    // How long learning takes is not known.
    const isKnown = progress > 0 && elapsedSeconds > 0 && (kind === 'build' || progress < readingShareOfFit);
    const remaining = isKnown ? (elapsedSeconds * (1 - progress)) / progress : null;
    return {
      id,
      kind,
      memory,
      symbols: symbols ?? null,
      from: fromUs === undefined ? null : isoFromUs(fromUs),
      to: toUs === undefined ? null : isoFromUs(toUs),
      state,
      progress,
      moments,
      moments_per_second: elapsedSeconds > 0 ? Math.round(moments / elapsedSeconds) : 0,
      remaining_seconds: state === 'running' ? remaining && Math.round(remaining) : 0,
      sessions,
      sessions_skipped: sessionsSkipped,
      left_out: leftOut,
      ...(error === undefined ? {} : { error }),
    };
  }
}

/** Of a fit's time; the rest is learning, of which nothing is told on the way. */
const readingShareOfFit = 0.5;

interface BuildTask {
  readonly subject: BuildSubject;
  readonly run: SessionRun;
}

interface RunParts {
  readonly task: BuildTask;
  readonly definition: MemoryDefinition;
  readonly folder: MomentFolder;
  readonly writer: MemoryWriter;
  readonly shares: Map<BuildTask, number>;
  readonly signal: AbortSignal;
}

async function tasksOf(job: Job, subjects: readonly BuildSubject[], known: KnownSessions): Promise<readonly BuildTask[]> {
  const tasks: BuildTask[] = [];
  for (const subject of subjects) {
    const { stored, closedThroughUs, lateness } = subject;
    const wanted = {
      fromUs: Math.max(job.fromUs ?? -Infinity, stored.firstUs),
      toUs: Math.min(job.toUs ?? Infinity, closedThroughUs),
    };
    const parts = { stored, closedThroughUs, lateThrough: lateness.through, known, wanted };
    const { runs, sessions, skipped } = await missingSessions(subject, parts);
    job.sessions += sessions;
    job.sessionsSkipped += skipped;
    for (const run of runs) tasks.push({ subject, run });
  }
  return tasks;
}

/** The first failure stops the others, and is told when they have ended. */
async function inParallel(workers: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const failed = new AbortController();
  const failures: unknown[] = [];
  const stopped = AbortSignal.any([signal, failed.signal]);
  const one = async (): Promise<void> => {
    try {
      await work(stopped);
    } catch (error) {
      failures.push(error);
      failed.abort();
    }
  };
  await Promise.all(Array.from({ length: workers }, one));
  if (failures.length > 0) throw failures[0];
}

/** MEMORY_UNKNOWN */
export async function definitionOf(moments: Pick<MomentStore, 'memories'>, id: string): Promise<MemoryDefinition> {
  const found = (await moments.memories()).find(({ definition }) => definition.id === id);
  if (!found) throw new HindcastError('MEMORY_UNKNOWN', `There is no memory ${JSON.stringify(id.slice(0, 60))}.`);
  return found.definition;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
