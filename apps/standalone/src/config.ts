import { join } from 'node:path';
import { marketDataShape } from '@hindcast/market-data';
import { marketPhysicsShape } from '@hindcast/market-physics';
import { loadConfig, wholeNumber, type Config, type Environment } from '@hindcast/service-kit';
import { broadcasterShape } from '@hindcast/state-broadcaster';
import { requireFeeds, requireRoomToKeep, tickIngestShape } from '@hindcast/tick-ingest';
import type { z } from 'zod';
import { retentionSetting } from './retention-setting.js';

/** Of the tick store and what feeds it; the rest are the settings of every service, each as it is in a stack. */
const storeShape = {
  /** Files of instruments that are open at once; the one that was not used for longest is closed for another. */
  duckdbFilesMax: wholeNumber({ min: 1, max: 10_000 }).default(200),
  /** What DuckDB may hold in memory, all files together; beyond it goes to disk. */
  duckdbMemoryBytesMax: wholeNumber({ min: 64_000_000, max: 1_099_511_627_776 }).default(1_000_000_000),
  /** Rows of an instrument that may wait on disk while its file cannot take them. */
  duckdbWaitingBytesMax: wholeNumber({ min: 1_000_000, max: 1_099_511_627_776 }).default(64_000_000),
  /** How long rows are kept after their event time; everything, where nothing is said. What the log still holds stays. */
  duckdbRetention: retentionSetting.default(''),
  /** How often retention looks for rows to drop. */
  duckdbRetentionIntervalMs: wholeNumber({ min: 1_000, max: 86_400_000 }).default(300_000),
  /**
   * Rows the drain writes at once, of all instruments together: a commit of a file costs the same whatever it holds, and from
   * 122,880 rows of an instrument on DuckDB writes compressed blocks at once.
   */
  drainPieceRowsMax: wholeNumber({ min: 1, max: 1_000_000 }).default(250_000),
  /** How long a question in SQL may take; it is given up then. */
  sqlTimeMaxMs: wholeNumber({ min: 100, max: 3_600_000 }).default(30_000),
} satisfies z.ZodRawShape;

const shape = {
  ...tickIngestShape,
  ...marketPhysicsShape,
  ...broadcasterShape,
  ...marketDataShape,
  ...storeShape,
};

export type StandaloneConfig = Config<typeof shape>;

/** A log and the store that it was drained into belong together: those of a stack in the same HINDCAST_HOME are not ours. */
export function readConfig(env?: Environment): StandaloneConfig {
  const config = requireFeeds(requireRoomToKeep(loadConfig(shape, env)));
  return Object.freeze({ ...config, home: join(config.home, 'standalone') });
}
