import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, connect as tlsConnect, type TLSSocket } from 'node:tls';
import grpc from '@grpc/grpc-js';
import { Controller, Get, Module, type OnModuleInit } from '@nestjs/common';
import { selfSignedCertificate } from '@hindcast/testing';
import { WebSocket } from 'ws';
import { loadConfig } from '../config.js';
import { loadService, startGrpcServer } from '../grpc-server.js';
import { ServiceClient } from '../http-client.js';
import { Lifecycle } from '../lifecycle.js';
import { startService, type RunningService } from '../service.js';
import { trustAuthorities } from './authorities.js';
import { Doorkeeper } from './doorkeeper.js';
import { formatKeyFile, keyHash, newKey } from './key-file.js';
import { keyHeaders } from './presented-key.js';
import { WebSocketDoors } from './websocket-doors.js';

@Controller('v1')
class ProbeController {
  @Get('seen')
  seen() {
    return { seen: true };
  }
}

@Module({ controllers: [ProbeController] })
class ProbeModule implements OnModuleInit {
  constructor(private readonly doors: WebSocketDoors) {}

  onModuleInit(): void {
    this.doors.open({ path: '/v1/stream', right: 'read', messageBytesMax: 1_000, accept: (socket) => socket.send('hello') });
  }
}

const apiKey = newKey();
let folder: string;
let service: RunningService;
let grpcPort: number;
const path = (name: string): string => join(folder, name);

function writeIdentity({ cert, key }: { readonly cert: string; readonly key: string }): void {
  writeFileSync(path('cert.pem'), cert);
  writeFileSync(path('key.pem'), key);
}

function environment(): Record<string, string> {
  return {
    HINDCAST_LOG_LEVEL: 'silent',
    HINDCAST_API_KEYS: path('keys.json'),
    HINDCAST_TLS_CERT_FILE: path('cert.pem'),
    HINDCAST_TLS_KEY_FILE: path('key.pem'),
    HINDCAST_TLS_CA_FILE: path('cert.pem'),
  };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hindcast-tls-'));
  writeIdentity(selfSignedCertificate());
  writeFileSync(path('keys.json'), formatKeyFile([{ name: 'probe', sha256: keyHash(apiKey), rights: ['read'] }]));
  service = await startService({
    name: 'probe',
    config: () => loadConfig({}, environment()),
    httpPort: () => 0,
    module: () => ProbeModule,
  });
  const door = await startGrpcServer({
    proto: 'tick_ingest.proto',
    service: 'hindcast.v1.TickIngest',
    methods: (handlers) => ({
      Follow: handlers.serverStream(async function* () {
        yield { number: 7 };
      }),
    }),
    doorkeeper: service.app.get(Doorkeeper),
    bind: '127.0.0.1',
    port: 0,
    logger: service.logger,
    lifecycle: service.app.get(Lifecycle),
  });
  grpcPort = door.port;
});

afterAll(async () => {
  await service.stop();
  rmSync(folder, { recursive: true });
});

const seen = () => new ServiceClient({ name: 'probe', baseUrl: service.url, apiKey }).get('/v1/seen', { parse: (body) => body });

async function followed(): Promise<unknown> {
  const Stub = grpc.makeClientConstructor(loadService('tick_ingest.proto', 'hindcast.v1.TickIngest'), 'TickIngest');
  const client = new Stub(`127.0.0.1:${grpcPort}`, grpc.credentials.createSsl(Buffer.from(getCACertificates('default').join('\n'))));
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${apiKey}`);
  const stream = (client as unknown as { Follow(request: object, sent: grpc.Metadata): grpc.ClientReadableStream<unknown> }).Follow(
    {},
    metadata,
  );
  try {
    const [answer] = (await once(stream, 'data')) as [unknown];
    return answer;
  } finally {
    stream.on('error', () => undefined);
    stream.cancel();
    client.close();
  }
}

/** What the door at a port shows to a client that connects now. */
async function shownCertificate(port: number): Promise<string> {
  const socket: TLSSocket = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

it('serves HTTP, WebSocket and gRPC to clients that trust the authority and have a key', async () => {
  expect(service.url).toMatch(/^https:/);
  expect(await seen()).toEqual({ seen: true });
  const socket = new WebSocket(`${service.url.replace('https', 'wss')}/v1/stream`, { headers: keyHeaders(apiKey) });
  const [message] = (await once(socket, 'message')) as [Buffer];
  expect(message.toString()).toBe('hello');
  socket.terminate();
  expect(await followed()).toMatchObject({ number: 7 });
});

it('speaks no plain HTTP on that port', async () => {
  await expect(fetch(service.url.replace('https', 'http'))).rejects.toThrow();
});

it('takes up a renewed certificate, on both ports, and leaves the old one in force while the new one is half written', async () => {
  const doors = [Number(new URL(service.url).port), grpcPort];
  const before = await Promise.all(doors.map(shownCertificate));
  const next = selfSignedCertificate();
  writeFileSync(path('cert.pem'), next.cert);
  const health = async () =>
    (
      JSON.parse(JSON.stringify(await service.app.get((await import('../health.js')).HealthRegistry).ready())) as {
        dependencies: Record<string, { up: boolean }>;
      }
    ).dependencies['certificate'];
  while ((await health()).up) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await Promise.all(doors.map(shownCertificate))).toEqual(before);
  writeFileSync(path('key.pem'), next.key);
  while ((await shownCertificate(doors[0])) === before[0]) await new Promise((resolve) => setTimeout(resolve, 50));
  trustAuthorities(path('cert.pem'));
  expect(new Set(await Promise.all(doors.map(shownCertificate))).size).toBe(1);
  expect(await seen()).toEqual({ seen: true });
  expect(await followed()).toMatchObject({ number: 7 });
});

describe('at start', () => {
  const start = (more: Record<string, string>) =>
    startService({
      name: 'second',
      config: () => loadConfig({}, { ...environment(), ...more }),
      httpPort: () => 0,
      module: () => ProbeModule,
    });

  it('names the files that are not there or do not belong together', async () => {
    await expect(start({ HINDCAST_TLS_CERT_FILE: path('absent.pem') })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('absent.pem'),
    });
    writeFileSync(path('other-key.pem'), selfSignedCertificate().key);
    await expect(start({ HINDCAST_TLS_KEY_FILE: path('other-key.pem') })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('mismatch'),
    });
    await expect(start({ HINDCAST_TLS_KEY_FILE: '' })).rejects.toMatchObject({ message: expect.stringContaining('are set together') });
    await expect(start({ HINDCAST_TLS_CA_FILE: path('keys.json') })).rejects.toMatchObject({
      message: expect.stringContaining('no certificate in PEM'),
    });
  });
});
