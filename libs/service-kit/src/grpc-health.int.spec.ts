import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GrpcCaller } from '@hindcast/testing';
import { systemClock } from '@hindcast/ports';
import { pino } from 'pino';
import { Doorkeeper } from './access/doorkeeper.js';
import { formatKeyFile, keyHash, newKey } from './access/key-file.js';
import { defaultLimits } from './access/limits.js';
import { startGrpcServer } from './grpc-server.js';
import { HealthRegistry } from './health.js';
import { Lifecycle } from './lifecycle.js';
import { Metrics } from './metrics.js';

const silent = pino({ level: 'silent' });
const service = 'hindcast.v1.TickIngest';
let folder: string;
let lifecycle: Lifecycle;
let doorkeeper: Doorkeeper;
let isUp: boolean;
let health: GrpcCaller;
let port: number;

/** A port behind keys, of a service with one dependency. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hindcast-grpc-health-'));
  const apiKeys = join(folder, 'keys.json');
  writeFileSync(apiKeys, formatKeyFile([{ name: 'a', sha256: keyHash(newKey()), rights: ['admin'] }]));
  lifecycle = new Lifecycle(silent);
  isUp = true;
  const registry = new HealthRegistry({ service, version: '0', nowMs: () => performance.now(), stopping: lifecycle.signal, cacheMs: 0 });
  registry.register('store', () => Promise.resolve({ up: isUp }));
  const config = { ...defaultLimits, apiKeys };
  doorkeeper = await Doorkeeper.open({ config, clock: systemClock, logger: silent, health: registry, metrics: new Metrics('probe') });
  ({ port } = await startGrpcServer({
    proto: 'tick_ingest.proto',
    service,
    methods: (handlers) => ({ Beginning: handlers.unary(() => Promise.resolve({})) }),
    health: registry,
    bind: '127.0.0.1',
    port: 0,
    logger: silent,
    doorkeeper,
    lifecycle,
  }));
  health = GrpcCaller.to({ proto: 'health.proto', service: 'grpc.health.v1.Health', port });
});
afterEach(async () => {
  health.close();
  await lifecycle.stop();
  doorkeeper.close();
  rmSync(folder, { recursive: true });
});

interface Status {
  readonly status: string;
}

const watch = (name: string) => health.stream<Status>('Watch', { service: name });

it('follows the health of the service, and wants no key for it', async () => {
  for (const name of ['', service]) expect(await health.unary('Check', { service: name })).toEqual({ status: 'SERVING' });
  isUp = false;
  expect(await health.unary('Check', { service })).toEqual({ status: 'NOT_SERVING' });
  const caller = GrpcCaller.to({ proto: 'tick_ingest.proto', service, port });
  expect(await caller.refusal('Beginning', {})).toMatchObject({ code: 'KEY_REQUIRED' });
  caller.close();
});

it('tells whoever watches at once, and of every change', async () => {
  const seen: string[] = [];
  for await (const { status } of watch('')) {
    seen.push(status);
    isUp = !isUp;
    if (seen.length === 3) break;
  }
  expect(seen).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']);
});

it('knows no other service', async () => {
  expect(await health.refusal('Check', { service: 'constructor' })).toMatchObject({
    code: 'SERVICE_UNKNOWN',
    status: 5,
    message: 'service is "constructor"; here is hindcast.v1.TickIngest.',
  });
  for await (const { status } of watch('nobody')) {
    expect(status).toBe('SERVICE_UNKNOWN');
    break;
  }
});

it('is watched by so many, and by others when one of them leaves', async () => {
  const streams = Array.from({ length: 64 }, () => watch(''));
  for (const stream of streams) stream.on('error', () => undefined);
  await Promise.all(streams.map((stream) => new Promise((resolve) => stream.once('data', resolve))));
  expect(await health.streamRefusal('Watch', {})).toMatchObject({ code: 'CLIENTS_FULL' });
  streams[0].cancel();
  const isTaken = async (): Promise<boolean> => {
    const stream = watch('');
    return new Promise((resolve) => stream.once('data', () => resolve(true)).once('error', () => resolve(false)));
  };
  while (!(await isTaken()));
});

it('ends with the service', async () => {
  const stream = watch('');
  await new Promise((resolve) => stream.once('data', resolve));
  const ended = new Promise((resolve) => stream.once('error', resolve));
  stream.resume();
  expect(await lifecycle.stop()).toBe(true);
  expect(await ended).toMatchObject({ code: 14 });
});
