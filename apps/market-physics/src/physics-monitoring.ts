import type { EmbeddingFacts, MonitoringProblem, StatesFacts, VectorsFacts } from '@hindcast/contracts';
import type { MonitoringRegistry, Observation } from '@hindcast/service-kit';
import type { Adapters } from './adapters.js';
import { observeMemory } from './memory/memory-section.js';
import type { PhysicsService } from './physics-service.js';
import { RecallMeter } from './recall-meter.js';

/** An hour's work of the model at its usual rate: vectors so far behind are missed in answers. */
const queueWarnMin = 100_000;
const recallMin = 0.95;

/** What market-physics owns, for `GET /v1/monitoring`. */
export function registerMonitoring(monitoring: MonitoringRegistry, adapters: Adapters, service: PhysicsService): void {
  const recall = new RecallMeter(adapters);
  monitoring.register({ name: 'states', whenAway: 'service-away', read: async () => observeStates(service) });
  monitoring.register({ name: 'embedding', whenAway: 'service-away', read: async () => observeEmbedding(adapters, service) });
  monitoring.register({ name: 'lancedb', whenAway: 'vectors-away', read: () => observeVectors(adapters.vectors, recall) });
  monitoring.register({ name: 'memory', whenAway: 'vectors-away', read: () => observeMemory(service.memory) });
}

function observeStates({ follower, writer }: PhysicsService): Observation<StatesFacts> {
  const { fold, phase, checkpointNumber, failure } = follower;
  const headNumber = Math.max(follower.headNumber, fold.number);
  const problems: MonitoringProblem[] = [];
  if (failure)
    problems.push({ runbook: 'follower-stalled', severity: 'critical', message: `the log cannot be followed: ${failure.message}` });
  if (writer.failure)
    problems.push({ runbook: 'store-away', severity: 'critical', message: `states cannot be stored: ${writer.failure.message}` });
  if (fold.refused.length > 0) {
    const message = `${fold.refused.length} or more instruments are not followed: ${fold.refused.join(', ')}`;
    problems.push({ runbook: 'instruments-refused', severity: 'critical', message });
  }
  return {
    problems,
    facts: {
      phase,
      head_number: headNumber,
      folded_number: fold.number,
      checkpoint_number: checkpointNumber,
      checkpoint_behind: Math.max(0, fold.number - checkpointNumber),
      states: fold.states,
      states_unacknowledged: writer.pending,
      instruments: fold.all.length,
      refused_instruments: fold.refused,
    },
  };
}

function observeEmbedding({ embedder, checkpoint }: Adapters, { follower, embedding }: PhysicsService): Observation<EmbeddingFacts> {
  const queue = checkpoint.length + follower.fold.dueCount;
  const problems: MonitoringProblem[] = [];
  if (!embedder) {
    const message = `no embedding model is installed: ${queue} states wait, and search answers MODEL_MISSING`;
    problems.push({ runbook: 'model-missing', severity: 'warning', message });
  }
  if (embedding?.failure)
    problems.push({ runbook: 'vectors-away', severity: 'critical', message: `vectors cannot be made: ${embedding.failure.message}` });
  if (queue > queueWarnMin)
    problems.push({ runbook: 'embedding-behind', severity: 'warning', message: `${queue} states wait for their vector` });
  return { problems, facts: { model: embedder?.modelId ?? null, queue, embedded: embedding?.embedded ?? 0 } };
}

async function observeVectors(vectors: Adapters['vectors'], meter: RecallMeter): Promise<Observation<VectorsFacts>> {
  const stats = await vectors.stats();
  const recall = meter.facts();
  const problems: MonitoringProblem[] = [];
  if (recall !== null && recall.recall < recallMin) {
    const message = `the index finds ${(recall.recall * 100).toFixed(0)} % of the true neighbours; ${recallMin * 100} % are wanted`;
    problems.push({ runbook: 'recall-low', severity: 'warning', message });
  }
  return {
    problems,
    facts: {
      rows: stats.rows,
      size_bytes: stats.sizeBytes,
      version: stats.version,
      versions: stats.versions,
      fragments: stats.fragments,
      small_fragments: stats.smallFragments,
      index: stats.index,
      index_type: stats.indexType,
      index_segments: stats.indexSegments,
      rows_not_indexed: stats.rowsNotIndexed,
      recall,
    },
  };
}
