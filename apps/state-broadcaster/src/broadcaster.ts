import type { Bus, Clock } from '@hindcast/ports';
import type { HealthRegistry, Lifecycle, Logger, Metrics } from '@hindcast/service-kit';
import { ServiceClient } from '@hindcast/service-kit';
import { broadcastCounters, showClients } from './broadcast-metrics.js';
import { BusReader } from './bus-reader.worker.js';
import { symbolsMax } from './client-messages.js';
import { Clients } from './clients.js';
import type { BroadcasterConfig } from './config.js';
import { statesOfMarketPhysics } from './market-physics-states.js';
import { SnapshotSource } from './snapshot-source.js';

export interface BroadcasterParts {
  readonly config: BroadcasterConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly health: HealthRegistry;
  readonly metrics: Metrics;
}

const snapshotDeadlineMs = 5_000;
const snapshotRetryMs = 1_000;

/** Puts the parts together and starts them; what is returned is what the doors need. */
export function startBroadcaster({ config, bus, clock, logger, lifecycle, health, metrics }: BroadcasterParts): Clients {
  const physics = new ServiceClient({
    name: 'market-physics',
    baseUrl: config.marketPhysicsUrl,
    apiKey: config.apiKey,
    deadlineMs: snapshotDeadlineMs,
  });
  const snapshots = new SnapshotSource({ fetchStates: statesOfMarketPhysics(physics), symbolsMax, retryMs: snapshotRetryMs });
  const counters = broadcastCounters(metrics);
  const clients = new Clients({
    snapshots,
    clock,
    counters,
    slowBytes: config.broadcastSlowBytes,
    clientsMax: config.broadcastClientsMax,
    clientsPerAddressMax: config.broadcastClientsPerAddressMax,
    subscriptionsMax: config.broadcastSubscriptionsMax,
    heartbeatMs: config.broadcastHeartbeatMs,
  });
  showClients(metrics, clients);
  const reader = new BusReader({ bus, clients, logger, counters, signal: lifecycle.signal });
  const reading = reader.run();
  lifecycle.signal.addEventListener('abort', () => {
    clients.close();
    snapshots.close();
  });
  lifecycle.onStop('bus reader', () => reading);
  health.register('redis', async () => ({ ...(await bus.health()), subscribed: reader.isListening }));
  health.register('market-physics', () => physics.get('/health/live', { parse: () => ({ up: true }) }), { critical: false });
  return clients;
}
