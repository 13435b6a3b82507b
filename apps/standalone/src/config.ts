import { join } from 'node:path';
import { marketDataShape } from '@hindcast/market-data';
import { marketPhysicsShape } from '@hindcast/market-physics';
import { loadConfig, type Config, type Environment } from '@hindcast/service-kit';
import { broadcasterShape } from '@hindcast/state-broadcaster';
import { requireRoomToKeep, tickIngestShape } from '@hindcast/tick-ingest';

/** The settings of every service, each under the name that it has in a stack. */
const shape = { ...tickIngestShape, ...marketPhysicsShape, ...broadcasterShape, ...marketDataShape };

export type StandaloneConfig = Config<typeof shape>;

/** A log and the store that it was drained into belong together: those of a stack in the same HINDCAST_HOME are not ours. */
export function readConfig(env?: Environment): StandaloneConfig {
  const config = requireRoomToKeep(loadConfig(shape, env));
  return Object.freeze({ ...config, home: join(config.home, 'standalone') });
}
