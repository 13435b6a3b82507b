import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MemoryBus } from '@hindcast/bus-memory';
import type { OpenEmbedder, OpenFolder } from '@hindcast/market-physics';
import type { Clock, TickStore } from '@hindcast/ports';
import { keepHomeRecord, projectRoot, requireKnownHome, suiteVersion, type Metrics, type MonitoringRegistry } from '@hindcast/service-kit';
import type { RemoteTickStore } from '@hindcast/store-duckdb';
import { LanceMigrator } from '@hindcast/store-lance';
import type { DroppedRows, RetentionRun } from '@hindcast/store-duckdb';
import type { OpenFeed, StartDrain } from '@hindcast/tick-ingest';
import type { StandaloneConfig } from './config.js';

export type AskSql = RemoteTickStore['sql'];

/** The tick store of this process, and how the log is drained into it. */
export interface EmbeddedTickStore {
  readonly store: TickStore;
  readonly startDrain: StartDrain;
  /** Instruments that it can take nothing more of. */
  readonly fullInstruments?: () => ReadonlyMap<string, string>;
  /** Answers a SELECT, where it can. */
  readonly sql?: AskSql;
  /** Adds what it says of itself to monitoring and metrics. */
  readonly observe?: (monitoring: MonitoringRegistry, metrics: Metrics) => void;
  /** Drops what is older than it is to be kept, as `HINDCAST_DUCKDB_RETENTION` says. */
  readonly retain?: (run: RetentionRun) => Promise<DroppedRows>;
  close(): Promise<void>;
}

/** How the parts are opened that a test may want others of. */
export interface Openers {
  readonly ticks: (config: StandaloneConfig) => Promise<EmbeddedTickStore>;
  /** market-physics' own where none is given. */
  readonly embedder?: OpenEmbedder;
  /** market-physics' own where none is given: a thread. */
  readonly folder?: OpenFolder;
  /** tick-ingest's own where none is given: each feed in a thread. */
  readonly feed?: OpenFeed;
}

/** What all services share; each of them leaves it open. */
export interface EmbeddedStores {
  readonly ticks: EmbeddedTickStore;
  readonly bus: MemoryBus;
  close(): Promise<void>;
}

export async function openStores(config: StandaloneConfig, clock: Clock, open: Openers): Promise<EmbeddedStores> {
  await mkdir(config.home, { recursive: true });
  await requireKnownHome(config.home);
  const ticks = await open.ticks(config);
  try {
    // The folder is ours alone by now, and files of instruments are brought up to date from here on.
    await keepHomeRecord(config.home, suiteVersion);
    await migrateVectors(config, clock);
  } catch (error) {
    await ticks.close();
    throw error;
  }
  const bus = new MemoryBus({ clock });
  const close = async (): Promise<void> => {
    await Promise.all([bus.close(), ticks.close()]);
  };
  return { ticks, bus, close };
}

/** In a stack `hindcast migrate up` does it before anything starts; here nobody else may have the folder open. */
async function migrateVectors({ home }: StandaloneConfig, clock: Clock): Promise<void> {
  const migrator = new LanceMigrator({ uri: join(home, 'lancedb'), directory: join(projectRoot, 'migrations', 'lancedb'), clock });
  try {
    await migrator.up();
  } finally {
    await migrator.close();
  }
}
