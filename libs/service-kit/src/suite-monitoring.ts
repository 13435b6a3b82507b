import { HindcastError, isoFromUs, type MonitoringReport, type ServiceMonitoring, type SuiteMonitoring } from '@hindcast/contracts';
import type { Clock } from '@hindcast/ports';
import type { BaseConfig } from './config.js';
import { ServiceClient } from './http-client.js';

/** Longer than a section may take, so that a service whose store hangs still is heard. */
const askMaxMs = 4_000;

/** Where each service of the suite answers, by name; where one address answers for all of them, that is one. */
function serviceUrls(config: BaseConfig): Readonly<Record<string, string>> {
  const urls = {
    'tick-ingest': config.tickIngestUrl,
    'market-physics': config.marketPhysicsUrl,
    'state-broadcaster': config.stateBroadcasterUrl,
    'market-data': config.marketDataUrl,
  };
  return new Set(Object.values(urls)).size === 1 ? { standalone: config.tickIngestUrl } : urls;
}

/** Asks every service at once; one that does not answer is named, and costs the others nothing. */
export async function gatherMonitoring(config: BaseConfig, clock: Clock): Promise<SuiteMonitoring> {
  const services = await Promise.all(Object.entries(serviceUrls(config)).map(([service, url]) => ask(service, url, config.apiKey)));
  return { time: isoFromUs(clock.nowUs()), ok: services.every(({ report }) => report?.ok === true), services };
}

async function ask(service: string, url: string, apiKey: string | undefined): Promise<ServiceMonitoring> {
  try {
    const client = new ServiceClient({ name: service, baseUrl: url, apiKey, deadlineMs: askMaxMs });
    const report = await client.get('/v1/monitoring', { parse: (body) => body as MonitoringReport });
    return { service, url, answers: true, report };
  } catch (error) {
    if (!(error instanceof HindcastError)) throw error;
    return { service, url, answers: false, report: null, error: { code: error.code, message: error.message } };
  }
}
