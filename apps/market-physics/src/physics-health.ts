import type { DependencyHealth, HealthRegistry } from '@hindcast/service-kit';
import type { Adapters } from './adapters.js';
import type { PhysicsService } from './physics-service.js';

/** States need the log and the tick store; without bus, model or vectors the service does less, and says so. */
export function registerProbes(
  health: HealthRegistry,
  { store, bus, vectors, embedder, checkpoint }: Adapters,
  service: PhysicsService,
): void {
  const { follower, writer, embedding } = service;
  health.register('tick_store', async () => {
    const { up, version, suspendedTables, missingTables, changedColumns, detail } = await store.health();
    const isUsable = up && suspendedTables.length === 0 && missingTables.length === 0 && changedColumns.length === 0;
    return {
      up: isUsable,
      version,
      suspended_tables: suspendedTables,
      missing_tables: missingTables,
      ...detailOf(detail ?? writer.failure?.message),
    };
  });
  health.register('log', async () => {
    // A stream that is quiet and one that is cut look the same: saying once more how far we are tells them apart.
    await follower.reportCheckpoint();
    const { failure, phase, fold, headNumber } = follower;
    return {
      up: failure === undefined && phase !== 'stopped',
      phase,
      folded_number: fold.number,
      head_number: headNumber,
      ...detailOf(failure?.message),
    };
  });
  health.register(
    'instruments',
    async () => ({ up: follower.fold.refused.length === 0, followed: follower.fold.all.length, refused: follower.fold.refused }),
    { critical: false },
  );
  health.register('bus', async () => ({ ...(await bus.health()) }), { critical: false });
  health.register('model', async () => modelHealth(embedder?.modelId, checkpoint.length, embedding?.failure?.message), { critical: false });
  health.register(
    'memory',
    async () => {
      const { memory, behindSeconds, failure, leftOut } = service.memory.keeper.facts;
      return { up: failure === null, in_use: memory, behind_seconds: behindSeconds, ...detailOf(failure ?? leftOut?.words) };
    },
    { critical: false },
  );
  health.register('vector_store', async () => ({ up: true, ...(await vectors.stats()) }), { critical: false });
}

function modelHealth(modelId: string | undefined, queue: number, failure: string | undefined): DependencyHealth {
  if (modelId === undefined) return { up: false, embedding_queue: queue, detail: 'MODEL_MISSING: run `npm run setup`, then start again' };
  return { up: failure === undefined, model: modelId, embedding_queue: queue, ...detailOf(failure) };
}

function detailOf(detail: string | undefined): { readonly detail?: string } {
  return detail === undefined ? {} : { detail };
}
