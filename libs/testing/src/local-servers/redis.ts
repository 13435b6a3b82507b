import { findRedis, freePorts, launchRedis } from '../../../../tools/servers/index.mjs';
import { startLocalServer, type LocalServer } from './local-server.js';

export interface LocalRedisOptions {
  /** Added to its command line: `['--maxmemory', '8mb']`. */
  readonly args?: readonly string[];
}

/** Why Redis cannot be started here, or undefined where it can. Looks only, in about a millisecond. */
export function whyNoRedis(): string | undefined {
  const found = findRedis();
  return 'missing' in found ? found.missing : undefined;
}

/** Starts a Redis of its own; throws where `whyNoRedis` has a reason. */
export async function startRedis({ args = [] }: LocalRedisOptions = {}): Promise<LocalServer> {
  const installation = findRedis();
  if ('missing' in installation) throw new Error(installation.missing);
  return startLocalServer({
    name: 'redis',
    choosePorts: async () => ((await freePorts(1)) as [number])[0],
    launch: ({ dir, ports }) => launchRedis(installation, { dir, port: ports, args, parentDeathSignal: 'SIGKILL' }),
  });
}
