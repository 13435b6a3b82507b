import { RedisBus, RedisMonitor } from '@hindcast/bus-redis';
import { ServiceClient } from '@hindcast/service-kit';
import type { Adapters, StatesSource } from './adapters.js';
import type { BroadcasterConfig } from './config.js';
import { replayOfMarketPhysics, statesOfMarketPhysics } from './market-physics-states.js';
import { observeRedis } from './redis-section.js';

const snapshotDeadlineMs = 5_000;

/** Redis and market-physics. They may be away: each adapter connects when it is used, and says so when it cannot. */
export async function openAdapters(config: BroadcasterConfig): Promise<Adapters> {
  const [bus, monitor] = await Promise.all([
    RedisBus.open({ url: config.redisUrl, name: 'state-broadcaster' }),
    RedisMonitor.open({ url: config.redisUrl, name: 'state-broadcaster' }),
  ]);
  return {
    bus,
    busName: 'redis',
    states: statesOverHttp(config),
    observe: (monitoring, metrics) => observeRedis(monitor, monitoring, metrics),
    close: async () => {
      monitor.close();
      await bus.close();
    },
  };
}

export function statesOverHttp({ marketPhysicsUrl: baseUrl, apiKey }: BroadcasterConfig): StatesSource {
  const physics = new ServiceClient({ name: 'market-physics', baseUrl, apiKey, deadlineMs: snapshotDeadlineMs });
  return {
    fetch: statesOfMarketPhysics(physics),
    fetchReplay: replayOfMarketPhysics(physics),
    health: () => physics.get('/health/live', { parse: () => ({ up: true }) }),
  };
}
