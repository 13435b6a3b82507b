import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HindcastError } from '@hindcast/contracts';
import { LmdbTickLog } from '@hindcast/log-lmdb';
import { weightOf, type LoggedBatch } from '@hindcast/market';
import type { Clock } from '@hindcast/ports';
import type {
  BatchTracer,
  DependencyHealth,
  GrpcDoors,
  GrpcServer,
  HealthRegistry,
  Lifecycle,
  Logger,
  Metrics,
  MonitoringRegistry,
} from '@hindcast/service-kit';
import type { Adapters } from './adapters.js';
import { inheritPatiently } from './admission/inheritance.js';
import { Intake } from './admission/intake.js';
import { StoreLookup } from './admission/store-lookup.js';
import { BatchSteps } from './batch-steps.js';
import { admissionLimits, type TickIngestConfig } from './config.js';
import { Followers } from './doors/followers.js';
import { openGrpcDoor } from './doors/tick-ingest.grpc.js';
import { DrainWorker } from './drain/drain.worker.js';
import { TrimmerWorker } from './drain/trimmer.worker.js';
import type { Feeds } from './feeds/feeds.js';
import { registerFeedsSection } from './feeds/feeds-section.js';
import { openFeeds } from './feeds/open-feeds.js';
import { ingestCounters, registerIngestMetrics, registerSectionMetrics, type IngestCounters } from './ingest-metrics.js';
import { forgetStored, type Resent } from './ledger/forget-stored.js';
import { LedgerService } from './ledger/ledger.service.js';
import { registerMonitoring } from './monitoring/ingest-monitoring.js';
import { LogObserver } from './monitoring/log-observer.js';
import { LogTimeline } from './monitoring/log-timeline.js';
import { TickPublisher } from './tick-publisher.js';

export interface TickIngestParts {
  readonly config: TickIngestConfig;
  readonly adapters: Adapters;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly health: HealthRegistry;
  readonly metrics: Metrics;
  /** Undefined where tracing is off. */
  readonly tracer?: BatchTracer | undefined;
  readonly grpcDoors: GrpcDoors;
  readonly monitoring: MonitoringRegistry;
}

/** Everything that exists once the log is open. */
interface Running {
  readonly log: LmdbTickLog;
  readonly intake: Intake;
  readonly ledger: LedgerService;
  readonly drain: DrainWorker;
  readonly trimmer: TrimmerWorker;
  readonly publisher: TickPublisher;
  readonly observer: LogObserver;
  readonly followers: Followers;
  readonly feeds: Feeds;
}

const ownFollowers = ['market-physics'];
const inheritRetryMs = 1_000;

/**
 * The service's parts in the order of a tick's way: intake, log, drain, trimmer. The HTTP port is open before the log
 * is, so that health can say what is waited for; until then the doors answer STORE_NOT_READY.
 */
export class TickIngest {
  private running: Running | undefined;
  private waitingFor = 'the log is being opened';
  private readonly counters: IngestCounters;
  private grpcDoor: GrpcServer | undefined;
  private resending: Promise<Resent> | undefined;

  constructor(private readonly parts: TickIngestParts) {
    const { health, adapters, metrics, monitoring } = parts;
    this.counters = ingestCounters(metrics);
    adapters.observe?.(monitoring, metrics);
    registerSectionMetrics(metrics, monitoring);
    registerMonitoring(monitoring, () => this.require());
    registerFeedsSection(metrics, monitoring, () => this.require().feeds.facts());
    health.register('log', () => Promise.resolve(this.logHealth()));
    const { store, bus, names } = adapters;
    health.register(names.store, async () => ({ ...(await store.health()) }), { critical: false });
    health.register(names.bus, async () => ({ ...(await bus.health()) }), { critical: false });
  }

  /** 0 before the door is open. */
  get grpcPort(): number {
    return this.grpcDoor?.port ?? 0;
  }

  get config(): TickIngestConfig {
    return this.parts.config;
  }

  get clock(): Clock {
    return this.parts.adapters.clock;
  }

  get intake(): Intake {
    return this.require().intake;
  }

  get log(): LmdbTickLog {
    return this.require().log;
  }

  get ledger(): LedgerService {
    return this.require().ledger;
  }

  get observer(): LogObserver {
    return this.require().observer;
  }

  get followers(): Followers {
    return this.require().followers;
  }

  get feeds(): Feeds {
    return this.require().feeds;
  }

  /** The store was lost, or lost something: everything that the log holds goes there once more. */
  async resend(): Promise<Resent> {
    const { log, drain, trimmer } = this.require();
    this.resending ??= (async () => {
      await trimmer.stop();
      return drain.whileStopped(() => forgetStored(log));
    })().finally(() => {
      this.resending = undefined;
      trimmer.start();
    });
    return this.resending;
  }

  async start(): Promise<void> {
    const { config, adapters, logger, lifecycle, health, metrics, tracer, grpcDoors } = this.parts;
    const { store, bus, clock, fullInstruments } = adapters;
    const log = await this.openLog();
    lifecycle.onStop('log', () => log.close());
    const publisher = new TickPublisher(bus, clock, log);
    const steps = tracer && new BatchSteps(tracer, log.streamId);
    const drain = this.drainOf(log, publisher, steps);
    const timeline = new LogTimeline(log.position());
    let newestNumber = 0;
    const onFlushed = (batch: LoggedBatch): void => {
      timeline.flushed(batch.number, weightOf(batch));
      // The parts of one batch are on disk all at once.
      if (batch.number === newestNumber) return;
      newestNumber = batch.number;
      drain.advance(batch.number);
      publisher.flushed(batch.number);
    };
    const limits = admissionLimits(config);
    const intake = await Intake.open(
      {
        log,
        clock,
        limits,
        lookup: new StoreLookup(store),
        logRowsMax: config.logRowsMax,
        fullInstruments,
        onFlushed,
        events: this.counters,
        steps,
      },
      (number) => {
        this.waitingFor = `admission reads the log, batch ${number}`;
      },
    );
    const trimmer = new TrimmerWorker({ ...config, log, intake, clock, logger, followers: ownFollowers });
    const observer = new LogObserver({
      ...config,
      log,
      timeline,
      clock,
      followers: ownFollowers,
      logDir: this.logDir,
      cut: trimmer.cut,
      rowsUnflushed: () => intake.rowsPending,
    });
    const followers = new Followers({ log, followersMax: config.followersMax, followers: ownFollowers });
    const ledger = new LedgerService(log, store);
    const feeds = await openFeeds({ config, intake, store, streamId: log.streamId, clock, logger, openFeed: adapters.openFeed });
    this.running = { log, intake, drain, trimmer, publisher, observer, followers, ledger, feeds };
    health.register('drain', () => Promise.resolve({ up: drain.status.state === 'running', ...drain.status }), { critical: false });
    registerIngestMetrics(metrics, this.running);
    drain.start();
    lifecycle.onStop('drain', () => drain.stop());
    trimmer.start();
    lifecycle.onStop('trimmer', () => trimmer.stop());
    feeds.run();
    lifecycle.onStop('feeds', () => feeds.close());
    const { maxAheadUs } = limits;
    this.grpcDoor = await openGrpcDoor(grpcDoors, { intake, log, clock, followers, feeds, maxAheadUs, port: config.ports.tickIngestGrpc });
    logger.info({ streamId: log.streamId, ...log.position() }, 'log open');
  }

  private openLog(): Promise<LmdbTickLog> {
    const { adapters, logger, lifecycle } = this.parts;
    const { store, clock } = adapters;
    const dir = this.logDir;
    mkdirSync(dir, { recursive: true });
    return LmdbTickLog.open({
      dir,
      clock,
      newStreamId: randomUUID,
      inherit: () =>
        inheritPatiently(store, {
          onWait: (error) => {
            if (this.waitingFor !== error.message) logger.warn({ code: error.code }, `a new log waits for the store: ${error.message}`);
            this.waitingFor = error.message;
          },
          wait: () => sleep(inheritRetryMs, undefined, { signal: lifecycle.signal }),
        }),
    });
  }

  private get logDir(): string {
    return join(this.parts.config.home, 'tick-log');
  }

  private drainOf(log: LmdbTickLog, publisher: TickPublisher, steps: BatchSteps | undefined): DrainWorker {
    const { config, adapters, logger } = this.parts;
    const { startDrain, clock } = adapters;
    return new DrainWorker({
      ...config,
      log,
      logDir: this.logDir,
      startDrain,
      pieceRowsMax: config.drainPieceRowsMax,
      pieceIntervalMs: config.drainPieceIntervalMs,
      logger,
      onStored: (progress, elapsedMs) => {
        const endUs = clock.nowUs();
        steps?.drained(progress, { startUs: endUs - elapsedMs * 1_000, endUs });
        this.counters.drained(progress.stored.reduce((sum, { rows }) => sum + rows, 0));
        void publisher.stored(progress);
      },
    });
  }

  private require(): Running {
    if (!this.running) throw new HindcastError('STORE_NOT_READY', this.waitingFor);
    return this.running;
  }

  private logHealth(): DependencyHealth {
    if (!this.running) return { up: false, detail: this.waitingFor };
    const { log, trimmer } = this.running;
    const cut = [...trimmer.cut];
    const detail = log.failure?.message ?? (cut.length === 0 ? undefined : `followers cut off: ${cut.join(', ')}`);
    return {
      up: log.failure === undefined,
      stream_id: log.streamId,
      ...log.position(),
      ...(detail === undefined ? {} : { detail }),
    };
  }
}
