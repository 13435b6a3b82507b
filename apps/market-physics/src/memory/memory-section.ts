import type { ErrorCode, MemoryFacts, MonitoringProblem } from '@hindcast/contracts';
import type { Observation } from '@hindcast/service-kit';
import type { MemoryService } from './memory-service.js';

const recallMin = 0.95;
const ofOneFile: ReadonlySet<ErrorCode> = new Set(['STORE_DAMAGED', 'STORE_LOCKED', 'SCHEMA_CHANGED']);

/** The market's memory, for `GET /v1/monitoring`. */
export async function observeMemory({ memories, keeper, jobs }: MemoryService): Promise<Observation<MemoryFacts>> {
  const stored = await memories.overview();
  const { failure, leftOut, behindSeconds } = keeper.facts;
  const recall = stored.stats?.recall ?? null;
  const problems: MonitoringProblem[] = [];
  if (failure !== null)
    problems.push({ runbook: 'vectors-away', severity: 'critical', message: `the market's memory is not kept up: ${failure}` });
  // The store itself says it too where that is critical.
  if (leftOut !== null) {
    const runbook = ofOneFile.has(leftOut.code) ? 'store-damaged' : 'store-away';
    problems.push({ runbook, severity: 'warning', message: `the market's memory is kept up without ${leftOut.words}` });
  }
  if (recall !== null && recall < recallMin) {
    const message = `the memory's index finds ${(recall * 100).toFixed(0)} % of the true neighbours; ${recallMin * 100} % are wanted`;
    problems.push({ runbook: 'recall-low', severity: 'warning', message });
  }
  return {
    problems,
    facts: {
      in_use: stored.inUse,
      memories: stored.memories,
      rows: stored.stats?.rows ?? 0,
      size_bytes: stored.stats?.sizeBytes ?? 0,
      rows_not_indexed: stored.stats?.rowsNotIndexed ?? 0,
      recall,
      behind_seconds: behindSeconds,
      job: jobs.all.find(({ state }) => state === 'running')?.id ?? null,
    },
  };
}
