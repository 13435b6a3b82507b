import { skillMessage } from '../similar/similar-messages.js';
import { usFromIso, type MemoriesDto, type MemoryDto, type MemoryJobDto } from '@hindcast/contracts';
import { givenList, givenText, isoOfField, present } from '@hindcast/service-kit';

/** Messages of memory.proto, to and from what the HTTP doors speak. */

export interface FitMemoryMessage {
  readonly id: string;
  readonly fromUs?: number;
  readonly toUs?: number;
  readonly symbols: readonly string[];
  readonly intervalMs?: number;
  readonly horizons: readonly string[];
  readonly search: string;
}

export interface BuildMemoryMessage {
  readonly memory: string;
  readonly fromUs?: number;
  readonly toUs?: number;
  readonly symbols: readonly string[];
  readonly measure?: boolean;
}

export interface MemoryMessage {
  readonly memory: string;
}

export interface MemoryJobMessage {
  readonly id: string;
}

/** The body that `POST /v1/memory/fits` takes. */
export function fitBody({ id, fromUs, toUs, symbols, intervalMs, horizons, search }: FitMemoryMessage): object {
  return present({
    id,
    from: isoOfField('from_us', fromUs),
    to: isoOfField('to_us', toUs),
    symbols: givenList(symbols),
    intervalMs,
    horizons: givenList(horizons),
    search: givenText(search),
  });
}

/** The body that `POST /v1/memory/builds` takes. */
export function buildBody({ memory, fromUs, toUs, symbols, measure }: BuildMemoryMessage): object {
  return present({ memory, from: isoOfField('from_us', fromUs), to: isoOfField('to_us', toUs), symbols: givenList(symbols), measure });
}

export function jobMessage({ symbols, from, to, error, ...job }: MemoryJobDto): object {
  return present({
    id: job.id,
    kind: job.kind,
    memory: job.memory,
    symbols: symbols ?? [],
    fromUs: from === null ? undefined : usFromIso(from),
    toUs: to === null ? undefined : usFromIso(to),
    state: job.state,
    progress: job.progress,
    moments: job.moments,
    momentsPerSecond: job.moments_per_second,
    remainingSeconds: job.remaining_seconds ?? undefined,
    sessions: job.sessions,
    sessionsSkipped: job.sessions_skipped,
    leftOut: job.left_out,
    error,
  });
}

export function memoriesMessage({ in_use: inUse, memories, keeper, jobs }: MemoriesDto): object {
  const { memory, rows, instruments, behind_seconds: behindSeconds, failure } = keeper;
  return present({
    inUse: inUse ?? undefined,
    memories: memories.map(memoryMessage),
    keeper: present({
      memory: memory ?? undefined,
      rows,
      instruments,
      behindSeconds: behindSeconds ?? undefined,
      failure: failure ?? undefined,
    }),
    jobs: jobs.map(jobMessage),
  });
}

function memoryMessage({ fitted, index, skill, spans, ...memory }: MemoryDto): object {
  return present({
    id: memory.id,
    inUse: memory.in_use,
    intervalMs: memory.interval_ms,
    horizons: memory.horizons,
    knownAtUs: usFromIso(memory.known_at),
    fittedFromUs: usFromIso(fitted.from),
    fittedToUs: usFromIso(fitted.to),
    fittedMoments: fitted.moments,
    weights: memory.weights,
    skill: skill === null ? undefined : skillMessage(skill),
    rows: memory.rows,
    spans: spans.map(({ market, symbol, from, to }) => ({ market, symbol, fromUs: usFromIso(from), toUs: usFromIso(to) })),
    index: present({
      name: index.name ?? undefined,
      type: index.type ?? undefined,
      partitions: index.partitions ?? undefined,
      segments: index.segments,
      rowsNotIndexed: index.rows_not_indexed,
      recall: index.recall ?? undefined,
    }),
    sizeBytes: memory.size_bytes,
    fragments: memory.fragments,
  });
}
