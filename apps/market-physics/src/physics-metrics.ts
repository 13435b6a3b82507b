import type { VectorsFacts } from '@hindcast/contracts';
import type { Metrics, MonitoringRegistry } from '@hindcast/service-kit';
import type { DueQueue } from './checkpoint.js';
import type { FollowerWorker } from './follower.worker.js';
import type { StateWriter } from './state-writer.js';

/** From a millisecond, which is the goal's tenth, to what a catch-up takes. */
const publishBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];

export type PhysicsCounters = ReturnType<typeof physicsCounters>;

/** What is counted as it happens. */
export function physicsCounters(metrics: Metrics) {
  return {
    batches: metrics.counter({ name: 'hindcast_physics_batches_total', help: 'Batches of the log folded.' }),
    states: metrics.counter({ name: 'hindcast_physics_states_total', help: 'Live states stored.' }),
    published: metrics.counter({ name: 'hindcast_physics_published_total', help: 'PHYSICS_UPDATE messages that the bus took.' }),
    unpublished: metrics.counter({
      name: 'hindcast_physics_unpublished_total',
      help: 'PHYSICS_UPDATE messages that the bus did not take.',
    }),
    publishSeconds: metrics.histogram({
      name: 'hindcast_physics_publish_seconds',
      help: 'Time from the receipt of a batch at the door to the publication of its states.',
      buckets: publishBuckets,
    }),
    replayed: metrics.counter({ name: 'hindcast_physics_replayed_total', help: 'States of replays that the bus took.' }),
    searchSeconds: metrics.histogram({
      name: 'hindcast_physics_search_seconds',
      help: 'Time that a search for similar moments takes, by how it was done: exact or indexed.',
      labels: ['kind'],
    }),
    embedded: metrics.counter({ name: 'hindcast_physics_embedded_total', help: 'States that got their vector.' }),
    embedSeconds: metrics.counter({ name: 'hindcast_physics_embed_seconds_total', help: 'Time spent on making and storing vectors.' }),
    embedFailures: metrics.counter({
      name: 'hindcast_physics_embed_failures_total',
      help: 'Attempts to make or store vectors that failed.',
    }),
  };
}

interface Measured {
  readonly follower: FollowerWorker;
  readonly writer: StateWriter;
  readonly queue: Pick<DueQueue, 'length'>;
}

/** Read when they are scraped. */
export function registerPhysicsMetrics(metrics: Metrics, { follower, writer, queue }: Measured): void {
  metrics.gauge({
    name: 'hindcast_physics_lag_batches',
    help: 'Batches of the log that are not folded yet.',
    read: () => Math.max(0, follower.headNumber - follower.fold.number),
  });
  metrics.gauge({
    name: 'hindcast_physics_checkpoint_lag_batches',
    help: 'Batches that are folded and would be folded again after a kill.',
    read: () => Math.max(0, follower.fold.number - follower.checkpointNumber),
  });
  metrics.gauge({
    name: 'hindcast_physics_following',
    help: '1 while the log is followed, 0 while it cannot be, or the store is caught up from.',
    read: () => Number(follower.phase === 'following' && follower.failure === undefined),
  });
  metrics.gauge({
    name: 'hindcast_physics_states_unacknowledged',
    help: 'Live states that the tick store has not acknowledged.',
    read: () => writer.pending,
  });
  metrics.gauge({ name: 'hindcast_physics_embedding_queue', help: 'States that wait for their vector.', read: () => queue.length });
  metrics.gauge({ name: 'hindcast_physics_instruments', help: 'Instruments with a window.', read: () => follower.fold.all.length });
  metrics.gauge({
    name: 'hindcast_physics_refused_rows',
    help: 'Ticks of instruments beyond instrumentsMax.',
    read: () => follower.fold.refusedRows,
  });
}

/** What the section about LanceDB knows besides. */
export function registerVectorMetrics(metrics: Metrics, monitoring: MonitoringRegistry): void {
  const ofVectors = (name: string, help: string, read: (facts: VectorsFacts) => number | undefined): void => {
    metrics.gauge({
      name,
      help,
      collect: (gauge) =>
        monitoring.withFacts<VectorsFacts>('lancedb', (facts) => {
          const value = read(facts);
          if (value !== undefined) gauge.set(value);
        }),
    });
  };
  ofVectors('hindcast_vectors_rows', 'Rows of market_state_embeddings.', ({ rows }) => rows);
  ofVectors('hindcast_vectors_not_indexed_rows', 'Rows that the vector index does not know yet.', ({ rows_not_indexed: rows }) => rows);
  ofVectors('hindcast_vectors_bytes', 'Data and indexes of market_state_embeddings.', ({ size_bytes: bytes }) => bytes);
  ofVectors('hindcast_vectors_fragments', 'Files that the rows lie in; many make a search slow.', ({ fragments }) => fragments);
  ofVectors(
    'hindcast_vectors_recall',
    'True nearest neighbours that the index finds, as a share, by the newest measurement.',
    ({ recall }) => recall?.recall,
  );
}
