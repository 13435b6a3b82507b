import type { Metrics } from '@hindcast/service-kit';
import type { BusReaderCounters } from './bus-reader.worker.js';
import type { SessionCounters } from './client-session.js';
import type { Clients } from './clients.js';

/** What is counted here, under the names that dashboards know. */
export function broadcastCounters(metrics: Metrics): BusReaderCounters & SessionCounters {
  const received = metrics.counter({
    name: 'hindcast_broadcast_received_total',
    help: 'Messages of the bus that are passed on to whoever wants them.',
    labels: ['event'],
  });
  const refused = metrics.counter({
    name: 'hindcast_broadcast_refused_total',
    help: "Messages of the bus that are not of their channel's kind.",
    labels: ['channel'],
  });
  const repeated = metrics.counter({ name: 'hindcast_broadcast_repeated_total', help: 'Updates that had been passed on before.' });
  const resynced = metrics.counter({
    name: 'hindcast_broadcast_resyncs_total',
    help: 'How often everybody got a new snapshot.',
    labels: ['reason'],
  });
  const sent = metrics.counter({ name: 'hindcast_broadcast_sent_total', help: 'Messages sent to subscribers.', labels: ['event'] });
  const conflated = metrics.counter({
    name: 'hindcast_broadcast_conflated_total',
    help: 'Messages that a newer one replaced before a slow subscriber took them.',
  });
  // Counting each message to each subscriber by itself was a tenth of the work of sending it.
  const sentSince = new Map<string, number>();
  const count = (): void => {
    for (const [event, messages] of sentSince) sent.inc({ event }, messages);
    sentSince.clear();
  };
  return {
    received: (event) => received.inc({ event }),
    refused: (channel) => refused.inc({ channel }),
    repeated: () => repeated.inc(),
    resynced: (reason) => resynced.inc({ reason }),
    sent: (event) => {
      if (sentSince.size === 0) setImmediate(count);
      sentSince.set(event, (sentSince.get(event) ?? 0) + 1);
    },
    conflated: () => conflated.inc(),
  };
}

export function showClients(metrics: Metrics, clients: Clients): void {
  metrics.gauge({
    name: 'hindcast_broadcast_waiting_messages',
    help: 'Messages that wait for subscribers who are slow.',
    read: () => clients.backlog().messages,
  });
  metrics.gauge({
    name: 'hindcast_broadcast_buffered_bytes',
    help: 'Bytes handed over to subscribers and not yet taken by the network.',
    read: () => clients.backlog().bytes,
  });
  for (const transport of ['websocket', 'sse', 'grpc'] as const) {
    metrics.gauge({
      name: `hindcast_broadcast_${transport}_clients`,
      help: `Subscribers connected by ${transport}.`,
      read: () => clients.count(transport),
    });
  }
}
