import type { RedisMonitor } from '@hindcast/bus-redis';
import type { MonitoringProblem, RedisFacts } from '@hindcast/contracts';
import type { Metrics, MonitoringRegistry } from '@hindcast/service-kit';

/** Copies may go when memory is short, but nothing of ours comes near the bound by itself. */
const memoryShareWarn = 0.9;

/** Redis, which no other service looks after, for `GET /v1/monitoring` and as metrics. */
export function observeRedis(redis: RedisMonitor, monitoring: MonitoringRegistry, metrics: Metrics): void {
  let evictedBefore = 0;
  monitoring.register({
    name: 'redis',
    whenAway: 'bus-away',
    read: async () => {
      const facts = await redis.read();
      const problems = redisProblems(facts, evictedBefore);
      evictedBefore = facts.evicted_keys;
      return { facts, problems };
    },
  });
  showRedis(metrics, monitoring);
}

function showRedis(metrics: Metrics, monitoring: MonitoringRegistry): void {
  const ofRedis = (name: string, help: string, read: (facts: RedisFacts) => number): void => {
    metrics.gauge({ name, help, collect: (gauge) => monitoring.withFacts<RedisFacts>('redis', (facts) => gauge.set(read(facts))) });
  };
  ofRedis('hindcast_redis_used_bytes', 'Memory that Redis uses.', ({ used_bytes: used }) => used);
  ofRedis('hindcast_redis_max_bytes', 'The bound of it; 0 where there is none.', ({ max_bytes: max }) => max);
  ofRedis('hindcast_redis_evicted_keys', 'Keys that went because memory was short, since Redis started.', ({ evicted_keys: keys }) => keys);
  ofRedis('hindcast_redis_keys', 'Keys in Redis.', ({ keys }) => keys);
  ofRedis('hindcast_redis_clients', 'Connections to Redis.', ({ clients }) => clients);
}

/** Redis counts evictions from its start: what is new since the last look is what matters now. */
function redisProblems({ share, used_bytes, max_bytes, evicted_keys }: RedisFacts, evictedBefore: number): readonly MonitoringProblem[] {
  const evicted = evicted_keys - evictedBefore;
  if (evicted > 0) {
    return [
      {
        runbook: 'redis-memory',
        severity: 'warning',
        message: `Redis has evicted ${evicted} keys: ${used_bytes} of ${max_bytes} bytes are used`,
      },
    ];
  }
  if (share < memoryShareWarn) return [];
  return [{ runbook: 'redis-memory', severity: 'warning', message: `Redis uses ${Math.round(share * 100)} % of its ${max_bytes} bytes` }];
}
