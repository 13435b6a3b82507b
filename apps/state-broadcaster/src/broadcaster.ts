import type { Clock } from '@hindcast/ports';
import type { HealthRegistry, Lifecycle, Logger, Metrics } from '@hindcast/service-kit';
import type { Adapters } from './adapters.js';
import { Audience } from './audience.js';
import { Audiences } from './audiences.js';
import { parseBroadcast, streamChannels } from './broadcast.js';
import { broadcastCounters, showClients } from './broadcast-metrics.js';
import { BusReader } from './bus-reader.worker.js';
import { symbolsMax } from './client-messages.js';
import { Clients } from './clients.js';
import type { BroadcasterConfig } from './config.js';
import { SnapshotSource } from './snapshot-source.js';

export interface BroadcasterParts {
  readonly config: BroadcasterConfig;
  readonly adapters: Adapters;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly health: HealthRegistry;
  readonly metrics: Metrics;
}

const snapshotRetryMs = 1_000;
const replayCheckMs = 5_000;

/** What runs, for the doors and for those who watch it. */
export interface Broadcaster {
  readonly clients: Clients;
  readonly reader: BusReader;
}

/** Puts the parts together and starts them. */
export function startBroadcaster({ config, adapters, clock, logger, lifecycle, health, metrics }: BroadcasterParts): Broadcaster {
  const { bus, busName, states } = adapters;
  const snapshots = new SnapshotSource({ fetchStates: states.fetch, symbolsMax, retryMs: snapshotRetryMs });
  const counters = broadcastCounters(metrics);
  const { signal } = lifecycle;
  const live = new Audience(snapshots);
  const audiences = new Audiences({
    ...{ bus, logger, counters, signal, live },
    fetchReplay: states.fetchReplay,
    retryMs: snapshotRetryMs,
    checkMs: replayCheckMs,
  });
  const clients = new Clients({
    audiences,
    clock,
    counters,
    slowBytes: config.broadcastSlowBytes,
    clientsMax: config.broadcastClientsMax,
    clientsPerAddressMax: config.broadcastClientsPerAddressMax,
    subscriptionsMax: config.broadcastSubscriptionsMax,
    heartbeatMs: config.broadcastHeartbeatMs,
  });
  showClients(metrics, clients);
  const reader = new BusReader({ bus, logger, counters, signal, audience: live, channels: streamChannels, parse: parseBroadcast });
  const reading = reader.run();
  signal.addEventListener('abort', () => {
    clients.close();
    snapshots.close();
  });
  lifecycle.onStop('bus reader', async () => {
    await Promise.all([reading, audiences.close()]);
  });
  health.register(busName, async () => ({ ...(await bus.health()), subscribed: reader.isListening }));
  if (states.health) health.register('market-physics', states.health, { critical: false });
  return { clients, reader };
}
