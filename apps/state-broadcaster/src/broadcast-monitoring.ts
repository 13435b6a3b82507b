import type { MonitoringProblem, SubscribersFacts } from '@hindcast/contracts';
import type { Metrics, MonitoringRegistry, Observation } from '@hindcast/service-kit';
import type { Broadcaster } from './broadcaster.js';

export interface Observed {
  readonly broadcaster: Broadcaster;
  readonly metrics: Metrics;
  readonly clientsMax: number;
}

/** What state-broadcaster owns, for `GET /v1/monitoring`: its subscribers. */
export function registerMonitoring(monitoring: MonitoringRegistry, observed: Observed): void {
  monitoring.register({ name: 'subscribers', whenAway: 'service-away', read: () => observeSubscribers(observed) });
}

async function observeSubscribers({ broadcaster, metrics, clientsMax }: Observed): Promise<Observation<SubscribersFacts>> {
  const { clients, reader } = broadcaster;
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
    facts: { websocket, sse, clients_max: clientsMax, sent, conflated, listening: reader.isListening },
  };
}
