import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Body, Controller, Get, Inject, Module, Post, Query } from '@nestjs/common';
import { HindcastError, type ErrorBody } from '@hindcast/contracts';
import { z } from 'zod';
import { loadConfig, type BaseConfig } from './config.js';
import { wholeNumber } from './fields.js';
import { HealthRegistry } from './health.js';
import { Lifecycle } from './lifecycle.js';
import { parseFields, parseQuery } from './query.js';
import { startService, type RunningService } from './service.js';
import { CONFIG } from './service-kit.module.js';

const log: string[] = [];
const stopOrder: string[] = [];
let release: (() => void) | undefined;

@Controller('v1')
class ProbeController {
  constructor(
    @Inject(CONFIG) private readonly config: BaseConfig,
    lifecycle: Lifecycle,
    health: HealthRegistry,
  ) {
    lifecycle.onStop('store', () => void stopOrder.push('store'));
    lifecycle.onStop('door', () => void stopOrder.push('door'));
    health.register('store', async () => ({ up: true, version: '9.1' }));
    health.register('model', async () => Promise.reject(new Error('no model')), { critical: false });
  }

  @Get('bind')
  bind() {
    return { bind: this.config.bind };
  }

  @Get('query')
  query(@Query() query: unknown) {
    return parseQuery({ limit: wholeNumber({ min: 1, max: 10 }).default(5) }, query);
  }

  @Post('body')
  body(@Body() body: unknown) {
    return parseFields(z.object({ rows: z.array(z.object({ price: z.number() })) }), body);
  }

  @Get('full')
  full() {
    throw new HindcastError('LOG_FULL', 'logBytesMax is reached');
  }

  @Get('bug')
  bug() {
    throw new TypeError('a secret of the inside');
  }

  @Get('slow')
  async slow() {
    await new Promise<void>((resolve) => (release = resolve));
    return { done: true };
  }
}

@Module({ controllers: [ProbeController] })
class ProbeModule {}

function start(): Promise<RunningService> {
  return startService({
    name: 'probe',
    config: () => loadConfig({}, { HINDCAST_LOG_LEVEL: 'debug', HINDCAST_BODY_BYTES_MAX: '1024' }),
    httpPort: () => 0,
    module: () => ProbeModule,
    logDestination: { write: (line) => void log.push(line) },
  });
}

let service: RunningService;
beforeEach(async () => {
  log.length = 0;
  stopOrder.length = 0;
  service = await start();
});
afterEach(async () => {
  await service.stop();
});

async function error(path: string, init?: RequestInit) {
  const response = await fetch(service.url + path, init);
  return { response, body: (await response.json()) as ErrorBody };
}

function post(body: string): RequestInit {
  return { method: 'POST', body, headers: { 'content-type': 'application/json' } };
}

describe('errors on the wire', () => {
  it('names field, value and what is allowed', async () => {
    const { response, body } = await error('/v1/query?limit=99');
    expect(response.status).toBe(400);
    expect(body.error).toMatchObject({ code: 'FIELD_INVALID', message: 'limit="99": a whole number from 1 to 10', retry: false });
    const nested = await error('/v1/body', post('{"rows":[{"price":1},{"price":"x"}]}'));
    expect(nested.body.error.message).toContain('rows.1.price="x"');
  });

  it('refuses a field that it does not know', async () => {
    const { body } = await error('/v1/query?limitt=9');
    expect(body.error.message).toBe('limitt="9": there is no such field, only limit');
  });

  it('says BODY_INVALID to what is not JSON, BATCH_TOO_LARGE above the limit, ROUTE_UNKNOWN elsewhere', async () => {
    expect(await error('/v1/body', post('{"rows":'))).toMatchObject({
      response: { status: 400 },
      body: { error: { code: 'BODY_INVALID' } },
    });
    const large = await error('/v1/body', post(JSON.stringify({ rows: 'x'.repeat(2_000) })));
    expect(large).toMatchObject({ response: { status: 413 }, body: { error: { code: 'BATCH_TOO_LARGE' } } });
    const unknown = await error('/v1/nothing');
    expect(unknown).toMatchObject({
      response: { status: 404 },
      body: { error: { code: 'ROUTE_UNKNOWN', message: 'GET /v1/nothing is not a route.' } },
    });
    const malformed = await error('/v1/%E0%A4%A');
    expect(malformed).toMatchObject({ response: { status: 400 }, body: { error: { code: 'BODY_INVALID' } } });
    const type = await error('/v1/body', { method: 'POST', body: 'a', headers: { 'content-type': 'application/xml' } });
    expect(type).toMatchObject({ response: { status: 415 }, body: { error: { code: 'MEDIA_TYPE_UNKNOWN' } } });
  });

  it('asks to come back later where retrying helps', async () => {
    const { response, body } = await error('/v1/full');
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(body.error).toMatchObject({ code: 'LOG_FULL', message: 'logBytesMax is reached', retry: true });
  });

  it('keeps the words of a bug in the log, under the id that the caller sees', async () => {
    const { response, body } = await error('/v1/bug', { headers: { 'x-request-id': 'abc-1' } });
    expect(response.status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(body.error).toMatchObject({ code: 'INTERNAL', request_id: 'abc-1' });
    expect(response.headers.get('x-request-id')).toBe('abc-1');
    const line = log.map((text) => JSON.parse(text) as Record<string, unknown>).find((entry) => entry['request_id'] === 'abc-1');
    expect(line).toMatchObject({ level: 'error', err: { message: 'a secret of the inside' } });
  });

  it('makes an id of its own where the given one is unfit', async () => {
    const { response } = await error('/v1/bug', { headers: { 'x-request-id': 'no spaces please' } });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('health and metrics', () => {
  it('shows each dependency, and is ready without one that is not critical', async () => {
    const live = await fetch(`${service.url}/health/live`);
    expect(await live.json()).toMatchObject({ status: 'live', service: 'probe', version: '0.1.0', uptime_seconds: 0 });
    const ready = await fetch(`${service.url}/health/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      status: 'ready',
      dependencies: { store: { up: true, critical: true, version: '9.1' }, model: { up: false, critical: false, detail: 'no model' } },
    });
  });

  it('measures requests by route, not by path', async () => {
    await (await fetch(`${service.url}/v1/query?limit=3`)).text();
    await (await fetch(`${service.url}/nowhere/123`)).text();
    const text = await (await fetch(`${service.url}/metrics`)).text();
    expect(text).toMatch(/hindcast_http_request_seconds_count\{service="probe",method="GET",route="\/v1\/query",status="2xx"\} 1/);
    expect(text).not.toContain('/nowhere');
    expect(text).toContain('process_cpu_seconds_total');
  });
});

describe('start and stop', () => {
  it('names the port and the variable when the port is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const starting = startService({
      name: 'second',
      config: () => loadConfig({}, { HINDCAST_LOG_LEVEL: 'silent' }),
      httpPort: () => port,
      module: () => ProbeModule,
    });
    await expect(starting).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringMatching(new RegExp(`Port ${port} .*HINDCAST_PORT_OFFSET`)) as string,
    });
    await new Promise((resolve) => taken.close(resolve));
  });

  it('ends what is under way, refuses what is new, then closes the last registered first', async () => {
    const slow = fetch(`${service.url}/v1/slow`);
    await reached(() => release !== undefined);
    const stopping = service.stop();
    const refused = await error('/v1/bind');
    expect(refused).toMatchObject({ response: { status: 503 }, body: { error: { code: 'SHUTTING_DOWN', retry: true } } });
    const ready = await fetch(`${service.url}/health/ready`);
    expect(ready.status).toBe(503);
    expect(stopOrder).toEqual([]);
    release?.();
    expect(await (await slow).json()).toEqual({ done: true });
    expect(await stopping).toBe(true);
    expect(stopOrder).toEqual(['door', 'store']);
  });
});

async function reached(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
