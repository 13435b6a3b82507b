import { HindcastError, isoFromUs, type MemoriesDto, type MemoryDto, type SkillDto } from '@hindcast/contracts';
import { baseMemory, type Horizon } from '@hindcast/memory';
import type { MemorySpan, MomentStore, MomentStoreStats, StoredMemory } from '@hindcast/ports';
import type { MemoryJobs } from './memory-jobs.js';
import type { KeeperFacts } from './memory-keeper.worker.js';
import { memorySkill, skillReport } from './skill-report.js';

export interface MemoriesParts {
  readonly moments: MomentStore;
  readonly jobs: MemoryJobs;
  readonly keeper: { readonly facts: KeeperFacts; wake(): void };
  /** Of the memory that is made where there is none. */
  readonly stateIntervalMs: number;
  readonly horizons: readonly Horizon[];
}

/** Which memories there are, and which one questions are asked of. */
export class Memories {
  constructor(private readonly parts: MemoriesParts) {}

  /** There is always one: the memory that ships with Hindcast where nobody has made another. */
  async ready(): Promise<void> {
    const { moments, stateIntervalMs, horizons } = this.parts;
    const there = await moments.memories();
    if (there.some(({ inUse }) => inUse)) return;
    const newest = there.at(-1)?.definition ?? baseMemory({ stateIntervalMs, horizons });
    await moments.create(newest);
    await moments.use(newest.id);
  }

  async report(): Promise<MemoriesDto> {
    const { moments, jobs, keeper } = this.parts;
    const stored = await moments.memories();
    const memories = await Promise.all(
      stored.map(async (memory) => {
        const { id } = memory.definition;
        const [stats, spans] = await Promise.all([moments.stats(id), moments.spans(id)]);
        return reportOf(memory, stats, spans);
      }),
    );
    const { memory, rows, instruments, behindSeconds, failure, leftOut } = keeper.facts;
    return {
      in_use: stored.find(({ inUse }) => inUse)?.definition.id ?? null,
      memories,
      keeper: { memory, rows, instruments, behind_seconds: behindSeconds, failure: failure ?? leftOut?.words ?? null },
      jobs: jobs.all,
    };
  }

  /** In short; `stats` are those of the memory in use. */
  async overview(): Promise<{ readonly inUse: string | null; readonly memories: number; readonly stats: MomentStoreStats | undefined }> {
    const { moments } = this.parts;
    const stored = await moments.memories();
    const id = stored.find(({ inUse }) => inUse)?.definition.id;
    return { inUse: id ?? null, memories: stored.length, stats: id === undefined ? undefined : await moments.stats(id) };
  }

  /** What the memory in use, or the one that is named, was found to be worth. MEMORY_UNKNOWN */
  async skill(id?: string): Promise<SkillDto> {
    const { moments } = this.parts;
    const stored = await moments.memories();
    const asked = stored.find(({ definition, inUse }) => (id === undefined ? inUse : definition.id === id));
    if (asked) {
      const { id: memory, skill } = asked.definition;
      return skillReport(asked, skill === null ? 0 : await moments.count(memory, { fromUs: skill.toUs + 1 }));
    }
    throw new HindcastError(
      'MEMORY_UNKNOWN',
      id === undefined ? 'No memory is in use yet: the first start makes one within moments.' : `There is no memory ${id}.`,
    );
  }

  /** From here on questions that name none are asked of it. MEMORY_UNKNOWN */
  async use(id: string): Promise<MemoriesDto> {
    await this.parts.moments.use(id);
    this.parts.keeper.wake();
    return this.report();
  }

  /** With its rows. MEMORY_UNKNOWN, MEMORY_IN_USE, MEMORY_BUSY. */
  async drop(id: string): Promise<MemoriesDto> {
    const { moments, jobs } = this.parts;
    if (jobs.isBusyWith(id)) throw new HindcastError('MEMORY_BUSY', `${id} is being built: wait for it, or stop it.`);
    await moments.drop(id);
    return this.report();
  }
}

function reportOf({ definition, inUse }: StoredMemory, stats: MomentStoreStats, spans: readonly MemorySpan[]): MemoryDto {
  const { signature, skill } = definition;
  const { scaler, weights, components } = signature;
  return {
    id: definition.id,
    in_use: inUse,
    interval_ms: definition.stateIntervalMs,
    horizons: definition.horizons.map(({ id }) => id),
    known_at: isoFromUs(definition.knownAtUs),
    fitted: { from: isoFromUs(scaler.fittedFromUs), to: isoFromUs(scaler.fittedToUs), moments: scaler.rows },
    weights: Object.fromEntries(components.flatMap((name, i) => (weights[i] > 0 ? [[name, weights[i]]] : []))),
    skill: skill && memorySkill(skill),
    rows: stats.rows,
    spans: spans.map(({ market, symbol, fromUs, toUs }) => ({ market, symbol, from: isoFromUs(fromUs), to: isoFromUs(toUs) })),
    index: {
      name: stats.index,
      type: stats.indexType,
      partitions: stats.partitions,
      segments: stats.indexSegments,
      rows_not_indexed: stats.rowsNotIndexed,
      recall: stats.recall,
    },
    size_bytes: stats.sizeBytes,
    fragments: stats.fragments,
  };
}
