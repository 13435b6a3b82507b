import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Module } from '@nestjs/common';
import type { ErrorBody } from '@hindcast/contracts';
import { loadConfig } from '../config.js';
import { startService, type RunningService } from '../service.js';
import { docsPagePolicy } from './docs-page.js';
import { servedRoutes } from './served-routes.js';

@Module({})
class EmptyModule {}

const document = {
  openapi: '3.1.1',
  info: { title: 'Hindcast probe', version: '1', description: 'A probe.' },
  paths: {},
  components: { schemas: {} },
  'x-error-codes': {},
};

let folder: string;
let service: RunningService | undefined;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'docs-'))));
afterEach(async () => {
  await service?.stop();
  service = undefined;
  rmSync(folder, { recursive: true });
});

function written(name: string, content: object): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(content));
  return file;
}

async function start(env: Readonly<Record<string, string>>, openApi?: URL): Promise<RunningService> {
  service = await startService({
    name: 'probe',
    ...(openApi && { openApi }),
    config: () => loadConfig({}, { HINDCAST_LOG_LEVEL: 'silent', ...env }),
    httpPort: () => 0,
    module: () => EmptyModule,
  });
  return service;
}

const withDocument = (env: Readonly<Record<string, string>> = {}) => start(env, pathToFileURL(written('openapi.json', document)));

it('serves document and page to whoever has no key', async () => {
  const keys = [{ name: 'ops', sha256: 'ab'.repeat(32), rights: ['admin'] }];
  const { url } = await withDocument({ HINDCAST_API_KEYS: written('keys.json', keys) });
  const page = await fetch(`${url}/docs`);
  expect([page.status, page.headers.get('content-type'), page.headers.get('content-security-policy')]).toEqual([
    200,
    'text/html; charset=utf-8',
    docsPagePolicy,
  ]);
  expect(await page.text()).toContain('<h1>Hindcast probe</h1>');
  const json = await fetch(`${url}/docs/openapi.json`);
  expect([json.status, json.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  expect(await json.json()).toEqual(document);
  expect((await fetch(`${url}/metrics`)).status).toBe(401);
});

it('counts them among the requests that an address may send', async () => {
  const { url } = await withDocument({ HINDCAST_REQUESTS_PER_SECOND_MAX: '1' });
  const answers = await Promise.all(Array.from({ length: 5 }, () => fetch(`${url}/docs`)));
  const limited = answers.filter(({ status }) => status === 429);
  expect(limited.length).toBeGreaterThan(0);
  expect(((await limited[0].json()) as ErrorBody).error.code).toBe('RATE_LIMITED');
});

it('has no such pages where a service has no document', async () => {
  const { url, app } = await start({});
  expect(servedRoutes(app)).toEqual(['GET /health/live', 'GET /health/ready', 'GET /metrics', 'GET /v1/monitoring']);
  expect((await fetch(`${url}/docs`)).status).toBe(404);
});
