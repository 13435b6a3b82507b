import { availableParallelism } from 'node:os';
import type { HindcastError } from '@hindcast/contracts';
import type { Logger } from '@hindcast/service-kit';
import type { Adapters } from '../adapters.js';
import type { MarketPhysicsConfig } from '../config.js';
import type { FollowerWorker } from '../follower.worker.js';
import { livePathOf } from '../live-path.js';
import { retrying } from '../retrying.js';
import { Memories } from './memories.js';
import { MemoryJobs } from './memory-jobs.js';
import { MemoryKeeper } from './memory-keeper.worker.js';
import type { FitDefaults } from './memory-request.js';
import { MemoryUpkeep } from './memory-upkeep.js';

export interface MemoryServiceParts {
  readonly adapters: Adapters;
  readonly config: MarketPhysicsConfig;
  readonly logger: Logger;
  readonly follower: FollowerWorker;
}

/** The market's memory put together: what is there, who makes it, who keeps it up. */
export class MemoryService {
  readonly memories: Memories;
  readonly jobs: MemoryJobs;
  readonly keeper: MemoryKeeper;
  /** Of a memory that is made without saying more. */
  readonly defaults: FitDefaults;
  private readonly upkeep: MemoryUpkeep;
  private readonly logger: Logger;

  constructor({ adapters, config, logger, follower }: MemoryServiceParts) {
    const { moments, store, clock, openFolder } = adapters;
    const livePath = livePathOf(follower);
    const onFailure = (error: HindcastError): void => logger.warn({ err: error }, 'the memory could not be kept up; trying again');
    this.logger = logger;
    this.defaults = { stateIntervalMs: config.memoryIntervalMs, horizons: config.memoryHorizons };
    this.upkeep = new MemoryUpkeep(moments, onFailure);
    const onWritten = (memory: string, rows: number): void => this.upkeep.written(memory, rows);
    this.jobs = new MemoryJobs({
      store,
      moments,
      livePath,
      openFolder,
      clock,
      onWritten,
      workers: config.memoryBuildThreads || Math.max(1, availableParallelism() - 1),
      onEnd: (job, error) => {
        if (job.kind === 'build') this.upkeep.look(job.memory);
        logger.info({ job, ...(error === undefined ? {} : { err: error }) }, 'job of a memory ended');
      },
    });
    this.keeper = new MemoryKeeper(
      {
        moments,
        store,
        livePath,
        openFolder,
        clock,
        onWritten,
        onFailure,
        isLivePathBusy: () => follower.isBusy,
        isBusyWith: (memory) => this.jobs.isBusyWith(memory),
      },
      { keepIntervalMs: config.memoryKeepIntervalMs, instrumentsMax: config.memoryInstrumentsMax },
    );
    this.memories = new Memories({
      moments,
      jobs: this.jobs,
      keeper: this.keeper,
      ...this.defaults,
    });
  }

  /** Resolves when `signal` is aborted; rejects on a bug. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      const onFailure = (error: HindcastError): void => this.logger.warn({ err: error }, 'the memories could not be opened; trying again');
      await retrying(() => this.memories.ready(), { signal, onFailure });
      await this.keeper.run(signal);
    } catch (error) {
      // What ends because it was asked to end is no failure.
      if (!signal.aborted) throw error;
    }
  }

  async close(): Promise<void> {
    await this.jobs.close();
    await this.upkeep.close();
  }
}
