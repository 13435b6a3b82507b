import type { MemoryBus } from '@hindcast/bus-memory';
import type { BusFacts } from '@hindcast/contracts';
import type { Metrics, MonitoringRegistry } from '@hindcast/service-kit';

/** The bus of this process, for `GET /v1/monitoring` and as metrics. */
export function observeBus(bus: MemoryBus, monitoring: MonitoringRegistry, metrics: Metrics): void {
  const read = (): BusFacts => {
    const { keys, keyBytes, keyBytesMax, evictedKeys, subscriptions } = bus.statistics();
    return { keys, used_bytes: keyBytes, max_bytes: keyBytesMax, evicted_keys: evictedKeys, subscriptions };
  };
  monitoring.register({ name: 'bus', whenAway: 'bus-away', read: async () => ({ facts: read() }) });
  metrics.gauge({ name: 'hindcast_bus_keys', help: 'Keys that the bus in this process holds.', read: () => read().keys });
  metrics.gauge({ name: 'hindcast_bus_used_bytes', help: 'What they take.', read: () => read().used_bytes });
  metrics.gauge({
    name: 'hindcast_bus_evicted_keys',
    help: 'Keys that went because memory was short, since the start.',
    read: () => read().evicted_keys,
  });
}
