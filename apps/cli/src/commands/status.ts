import { HindcastError, type LedgerDto } from '@hindcast/contracts';
import type { BaseConfig } from '@hindcast/service-kit';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { duration, whole } from '../format/quantities.js';
import { table } from '../format/table.js';
import { loadCliConfig, openServices, type PhysicsProgress } from '../services.js';
import type { Terminal } from '../terminal.js';

/** `GET /health/ready` of a service, or why there is no answer. */
export interface ServiceStatus {
  readonly service: string;
  readonly url: string;
  readonly status: 'ready' | 'not_ready' | 'stopping' | 'away';
  readonly version?: string;
  readonly uptime_seconds?: number;
  readonly dependencies?: Readonly<Record<string, { readonly up: boolean; readonly detail?: string }>>;
}

export interface Status {
  readonly services: readonly ServiceStatus[];
  readonly ledger: LedgerDto | null;
  readonly physics: PhysicsProgress | null;
}

const healthMaxMs = 5_000;

export async function showStatus({ json, print }: Terminal): Promise<ExitCode> {
  const config = loadCliConfig();
  const services = openServices(config);
  const status: Status = {
    services: await Promise.all(Object.entries(serviceUrls(config)).map(([service, url]) => serviceStatus(service, url))),
    ledger: await services.ledger().catch(absent),
    physics: await services.physicsProgress().catch(absent),
  };
  print(json ? JSON.stringify(status) : statusText(status));
  if (status.services.some((one) => one.status === 'away')) return exitCodes.away;
  return status.services.every((one) => one.status === 'ready') ? exitCodes.ok : exitCodes.failed;
}

function serviceUrls({ tickIngestUrl, marketPhysicsUrl, marketDataUrl, ports }: BaseConfig): Readonly<Record<string, string>> {
  return {
    'tick-ingest': tickIngestUrl,
    'market-physics': marketPhysicsUrl,
    'state-broadcaster': `http://127.0.0.1:${ports.stateBroadcasterHttp}`,
    'market-data': marketDataUrl,
  };
}

/** Health answers with another status than 200 where a service is not ready, and with the same body. */
async function serviceStatus(service: string, url: string): Promise<ServiceStatus> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(healthMaxMs) });
    return { ...((await response.json()) as Omit<ServiceStatus, 'service' | 'url'>), service, url };
  } catch {
    return { service, url, status: 'away' };
  }
}

function absent(error: unknown): null {
  if (error instanceof HindcastError) return null;
  throw error;
}

export function statusText({ services, ledger, physics }: Status): string {
  const rows = services.map(({ service, url, status, version, uptime_seconds: uptime, dependencies }) => [
    service,
    url,
    status.replace('_', ' '),
    version ?? '-',
    uptime === undefined ? '-' : duration(uptime),
    dependenciesText(dependencies),
  ]);
  const lines = [
    table(
      ['service', 'url', 'status', 'version', 'up for', 'depends on'].map((title) => ({ title })),
      rows,
    ),
    '',
  ];
  if (ledger) {
    const { trades, quotes } = ledger.totals;
    lines.push(
      `ledger: ${ledger.balanced ? 'balanced' : 'NOT BALANCED'}, ${whole(trades.stored)} trades and ${whole(quotes.stored)} quotes stored, ` +
        `${whole(trades.pending + quotes.pending)} pending, ${whole(trades.quarantined + quotes.quarantined)} quarantined`,
    );
  }
  if (ledger && physics) {
    lines.push(
      `states: ${whole(physics.states)}, ${whole(Math.max(ledger.head_number - physics.checkpoint_number, 0))} batches behind; ${whole(physics.embedding_queue)} embeddings to go`,
    );
  }
  return lines.join('\n').trimEnd();
}

function dependenciesText(dependencies: ServiceStatus['dependencies']): string {
  if (!dependencies) return '-';
  return Object.entries(dependencies)
    .map(([name, { up, detail }]) => (up ? `${name} up` : `${name} DOWN${detail === undefined ? '' : ` (${detail})`}`))
    .join(', ');
}
