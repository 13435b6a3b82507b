import { isEmbeddingDue, templateId } from '@hindcast/embedding';
import type { PhysicsState } from '@hindcast/physics';
import type { BatchTracer, Lifecycle, Logger, Metrics } from '@hindcast/service-kit';
import type { Adapters } from './adapters.js';
import type { MarketPhysicsConfig } from './config.js';
import { EmbeddingWorker } from './embedding.worker.js';
import { FoldSteps } from './fold-steps.js';
import { FollowerWorker } from './follower.worker.js';
import { livePathOf } from './live-path.js';
import { MemoryService } from './memory/memory-service.js';
import { physicsCounters, registerPhysicsMetrics, type PhysicsCounters } from './physics-metrics.js';
import { Rebuilds } from './rebuilds.js';
import { realPacing } from './replay/pacing.js';
import { Replays } from './replay/replays.js';
import { SimilarMoments } from './similar/similar-moments.js';
import { StoredMoments } from './similar/stored-moment.js';
import { StateAnnouncer } from './state-announcer.js';
import { StateFinder } from './state-finder.js';
import { StateWriter } from './state-writer.js';
import { SuspendedTables } from './suspended-tables.js';

export interface ServiceParts {
  readonly adapters: Adapters;
  readonly config: MarketPhysicsConfig;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Undefined where tracing is off. */
  readonly tracer?: BatchTracer | undefined;
}

/** While states come all the time they leave for the store so often: it pays for each commit, and its views with it. */
const statePieceIntervalMs = 1_000;

/** The service put together: who gets what, and in which order everything ends. */
export class PhysicsService {
  readonly follower: FollowerWorker;
  readonly writer: StateWriter;
  readonly embedding: EmbeddingWorker | undefined;
  readonly rebuilds: Rebuilds;
  readonly replays: Replays;
  readonly states: StateFinder;
  readonly moments: SimilarMoments;
  readonly memory: MemoryService;
  private readonly storedMoments: StoredMoments;
  private readonly workers: Promise<void>[] = [];
  private readonly logger: Logger;
  private readonly counters: PhysicsCounters;

  constructor(private readonly parts: ServiceParts) {
    const { adapters, config, logger, metrics } = parts;
    const { store, vectors, moments, embedder, checkpoint: queue, clock } = adapters;
    const isDue = (state: PhysicsState): boolean => isEmbeddingDue(state, config.embedIntervalMs);
    this.logger = logger;
    this.counters = physicsCounters(metrics);
    this.writer = new StateWriter(
      store,
      {
        stored: (states) => this.counters.states.inc(states),
        failed: (error) => logger.warn({ err: error }, 'states could not be stored; trying again'),
      },
      { pieceIntervalMs: statePieceIntervalMs },
    );
    this.follower = this.makeFollower(isDue);
    this.embedding = embedder && this.makeEmbedding(embedder);
    const onQueued = (): void => this.embedding?.wake();
    this.rebuilds = new Rebuilds({
      store,
      queue,
      onQueued,
      livePath: livePathOf(this.follower),
      stateIntervalMs: config.stateIntervalMs,
      isEmbeddingDue: isDue,
      onEnd: (report, error) => logger.info({ report, ...(error === undefined ? {} : { err: error }) }, 'rebuild ended'),
    });
    this.replays = this.makeReplays();
    this.states = new StateFinder(store, () => this.follower.fold);
    this.storedMoments = new StoredMoments({ store, livePath: livePathOf(this.follower), openFolder: adapters.openFolder });
    this.moments = new SimilarMoments({
      states: this.states,
      embedder,
      vectors,
      moments,
      fold: (question, definition, signal) => this.storedMoments.newest(question, definition, signal),
      store,
      embedIntervalMs: config.embedIntervalMs,
      clock,
      behindSeconds: () => this.memory.keeper.facts.behindSeconds,
      onFound: ({ exact }, elapsedSeconds) => this.counters.searchSeconds.observe({ kind: exact ? 'exact' : 'indexed' }, elapsedSeconds),
    });
    this.memory = new MemoryService({ adapters, config, logger, follower: this.follower });
    registerPhysicsMetrics(metrics, { follower: this.follower, writer: this.writer, queue });
  }

  start(lifecycle: Lifecycle): void {
    const { signal } = lifecycle;
    lifecycle.onStop('adapters', () => this.parts.adapters.close());
    lifecycle.onStop('workers', () => this.stop());
    this.workers.push(this.follower.run(signal), this.suspendedTables().run(signal), this.memory.run(signal));
    if (this.embedding) this.workers.push(this.embedding.run(signal));
    else this.logger.warn('no embedding model: states queue up, and search answers MODEL_MISSING');
  }

  private suspendedTables(): SuspendedTables {
    const resumed = (tables: readonly string[]): void => this.logger.warn({ tables }, 'suspended tables resumed');
    return new SuspendedTables(this.parts.adapters.store, { resumed });
  }

  private async stop(): Promise<void> {
    await Promise.all([this.rebuilds.close(), this.replays.close(), this.memory.close(), this.storedMoments.close()]);
    await Promise.all(this.workers);
    await this.follower.stop(this.parts.config.stopDeadlineMs);
  }

  private makeFollower(isDue: (state: PhysicsState) => boolean): FollowerWorker {
    const { adapters, config, tracer } = this.parts;
    const { log, store, vectors, embedder, bus, checkpoint, clock } = adapters;
    const { counters, logger } = this;
    const steps = tracer && new FoldSteps(tracer, clock);
    const announcer = new StateAnnouncer(bus, clock, {
      published: (messages) => counters.published.inc(messages),
      told: (number, offeredAtUs) => steps?.published(number, offeredAtUs),
      latency: (seconds) => counters.publishSeconds.observe(seconds),
      failed: (error, messages) => {
        counters.unpublished.inc(messages);
        logger.debug({ err: error, messages }, 'the bus did not take updates');
      },
    });
    return new FollowerWorker(
      {
        log,
        store,
        vectors,
        announcer,
        clock,
        checkpoints: checkpoint,
        queue: checkpoint,
        writer: this.writer,
        steps,
        events: {
          phase: (phase, facts) => logger.info({ phase, ...facts }, 'log follower'),
          folded: (batches) => counters.batches.inc(batches),
          refused: (instruments) =>
            logger.error({ instruments, instrumentsMax: config.instrumentsMax }, 'instruments beyond instrumentsMax are not followed'),
          checkpointed: () => this.embedding?.wake(),
          failed: (error, doing) => logger.warn({ err: error }, `${doing} failed; trying again`),
        },
      },
      { ...config, isEmbeddingDue: isDue, makers: embedder ? { modelId: embedder.modelId, templateId } : {} },
    );
  }

  private makeReplays(): Replays {
    const { adapters, config } = this.parts;
    return new Replays({
      store: adapters.store,
      bus: adapters.bus,
      pacing: realPacing,
      livePath: livePathOf(this.follower),
      stateIntervalMs: config.stateIntervalMs,
      replaysMax: config.replaysMax,
      events: {
        told: (states) => this.counters.replayed.inc(states),
        failed: (id, error) => this.logger.warn({ err: error, replay: id }, 'replay failed; it can be resumed'),
      },
    });
  }

  private makeEmbedding(embedder: NonNullable<Adapters['embedder']>): EmbeddingWorker {
    const { vectors, checkpoint: queue, clock } = this.parts.adapters;
    return new EmbeddingWorker({
      queue,
      embedder,
      vectors,
      clock,
      isLivePathBusy: () => this.follower.isBusy,
      events: {
        embedded: (rows, elapsedMs) => {
          this.counters.embedded.inc(rows);
          this.counters.embedSeconds.inc(elapsedMs / 1_000);
        },
        failed: (error, doing) => {
          this.counters.embedFailures.inc();
          this.logger.warn({ err: error }, `${doing} failed; trying again`);
        },
      },
    });
  }
}
