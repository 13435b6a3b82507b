import type { FactoryProvider } from '@nestjs/common';
import { RedisMonitor } from '@hindcast/bus-redis';
import type { MonitoringProblem, RedisFacts, SubscribersFacts } from '@hindcast/contracts';
import { HealthRegistry, Lifecycle, Metrics, MonitoringRegistry, type Observation } from '@hindcast/service-kit';
import { Clients } from './clients.js';
import type { BroadcasterConfig } from './config.js';

/** Copies may go when memory is short, but nothing of ours comes near the bound by itself. */
const memoryShareWarn = 0.9;

export const MONITORING = Symbol('broadcast monitoring');

/** What state-broadcaster owns, for `GET /v1/monitoring`: its subscribers, and Redis, which nobody else looks after. */
export function broadcastMonitoring(config: BroadcasterConfig): FactoryProvider<MonitoringRegistry> {
  return {
    provide: MONITORING,
    inject: [MonitoringRegistry, Clients, HealthRegistry, Metrics, Lifecycle],
    useFactory: async (
      ...[monitoring, clients, health, metrics, lifecycle]: [MonitoringRegistry, Clients, HealthRegistry, Metrics, Lifecycle]
    ): Promise<MonitoringRegistry> => {
      const redis = await RedisMonitor.open({ url: config.redisUrl, name: 'state-broadcaster' });
      lifecycle.onStop('redis monitor', () => redis.close());
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
      monitoring.register({
        name: 'subscribers',
        whenAway: 'service-away',
        read: () => observeSubscribers({ clients, health, metrics, clientsMax: config.broadcastClientsMax }),
      });
      return monitoring;
    },
  };
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

interface Observed {
  readonly clients: Clients;
  readonly health: HealthRegistry;
  readonly metrics: Metrics;
  readonly clientsMax: number;
}

async function observeSubscribers({ clients, health, metrics, clientsMax }: Observed): Promise<Observation<SubscribersFacts>> {
  const { dependencies } = await health.ready();
  const [websocket, sse] = [clients.count('websocket'), clients.count('sse')];
  const problems: MonitoringProblem[] = [];
  if (websocket + sse >= clientsMax)
    problems.push({
      runbook: 'slow-subscribers',
      severity: 'warning',
      message: `${clientsMax} subscribers are connected: new ones are refused`,
    });
  const [sent, conflated] = await Promise.all([
    metrics.total('hindcast_broadcast_sent_total'),
    metrics.total('hindcast_broadcast_conflated_total'),
  ]);
  return {
    problems,
    facts: { websocket, sse, clients_max: clientsMax, sent, conflated, listening: dependencies['redis']?.['subscribed'] === true },
  };
}
