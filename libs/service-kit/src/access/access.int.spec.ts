import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import grpc from '@grpc/grpc-js';
import { Controller, Get, Module, Post, Res, type OnModuleInit } from '@nestjs/common';
import type { ErrorBody } from '@hindcast/contracts';
import type { FastifyReply } from 'fastify';
import { WebSocket } from 'ws';
import { loadConfig } from '../config.js';
import { codeMetadataKey, type GrpcCall } from '../grpc-handlers.js';
import { loadService, startGrpcServer } from '../grpc-server.js';
import { Lifecycle } from '../lifecycle.js';
import { startService, type RunningService } from '../service.js';
import { Doorkeeper } from './doorkeeper.js';
import { formatKeyFile, keyHash, newKey, type KeyEntry } from './key-file.js';
import { Needs } from './needs.js';
import type { Right } from './rights.js';
import { WebSocketDoors } from './websocket-doors.js';

const keys = { reader: newKey(), writer: newKey(), admin: newKey(), late: newKey() };
const entries = (
  held: Partial<Record<keyof typeof keys, readonly Right[]>> = { reader: ['read'], writer: ['write'], admin: ['admin'] },
): KeyEntry[] =>
  Object.entries(held).map(([name, rights]) => ({ name, sha256: keyHash(keys[name as keyof typeof keys]), rights: [...rights] }));

@Controller('v1')
class ProbeController {
  @Get('seen')
  seen() {
    return {};
  }

  @Get('stream')
  stream(@Res() reply: FastifyReply): void {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
    reply.raw.write('data: 1\n\n');
  }

  @Post('taken')
  taken() {
    return {};
  }

  @Post('rebuilt')
  @Needs('admin')
  rebuilt() {
    return {};
  }

  @Post('asked')
  @Needs('read')
  asked() {
    return {};
  }
}

@Module({ controllers: [ProbeController] })
class ProbeModule implements OnModuleInit {
  constructor(private readonly doors: WebSocketDoors) {}

  onModuleInit(): void {
    this.doors.open({ path: '/v1/stream', right: 'read', messageBytesMax: 1_000, accept: (socket) => socket.send('hello') });
  }
}

const calls: GrpcCall[] = [];
async function* follow(_request: object, call: GrpcCall): AsyncGenerator<{ number: number }> {
  calls.push(call);
  yield { number: 1 };
  await once(call.signal, 'abort');
}

async function* push(requests: AsyncIterable<{ tag: number }>): AsyncGenerator<{ tag: number }> {
  for await (const { tag } of requests) yield { tag };
}

interface Client extends grpc.Client {
  Follow(request: object, metadata: grpc.Metadata): grpc.ClientReadableStream<{ number: number }>;
  Push(metadata: grpc.Metadata): grpc.ClientDuplexStream<{ tag: number }, { tag: number }>;
  ReportCheckpoint(request: object, metadata: grpc.Metadata, done: (error: grpc.ServiceError | null) => void): void;
}

let folder: string;
let file: string;
let service: RunningService;
let client: Client;
const log: string[] = [];

function write(text: string): void {
  writeFileSync(file, text);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hindcast-keys-'));
  file = join(folder, 'keys.json');
  write(formatKeyFile(entries()));
  service = await startService({
    name: 'probe',
    config: () => loadConfig({}, { HINDCAST_LOG_LEVEL: 'trace', HINDCAST_API_KEYS: file }),
    httpPort: () => 0,
    module: () => ProbeModule,
    logDestination: { write: (line) => void log.push(line) },
  });
  const door = await startGrpcServer({
    proto: 'tick_ingest.proto',
    service: 'hindcast.v1.TickIngest',
    methods: (handlers) => ({
      Follow: handlers.serverStream(follow),
      Push: handlers.bidiStream(push),
      ReportCheckpoint: handlers.unary(async () => ({})),
    }),
    rights: { ReportCheckpoint: 'read+write' },
    doorkeeper: service.app.get(Doorkeeper),
    bind: '127.0.0.1',
    port: 0,
    logger: service.logger,
    lifecycle: service.app.get(Lifecycle),
  });
  const Stub = grpc.makeClientConstructor(loadService('tick_ingest.proto', 'hindcast.v1.TickIngest'), 'TickIngest');
  client = new Stub(`127.0.0.1:${door.port}`, grpc.credentials.createInsecure()) as unknown as Client;
});

afterEach(async () => {
  write(formatKeyFile(entries()));
  await reached(async () => (await status('GET', '/v1/seen', keys.reader)) === 200 && (await health()).up === true);
});

afterAll(async () => {
  client.close();
  await service.stop();
  rmSync(folder, { recursive: true });
});

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

async function ask(method: string, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(service.url + path, { method, headers });
  const text = await response.text();
  return { response, error: response.ok ? undefined : (JSON.parse(text) as ErrorBody).error };
}

async function status(method: string, path: string, key?: string): Promise<number> {
  return (await ask(method, path, key === undefined ? {} : bearer(key))).response.status;
}

async function health(): Promise<{ up?: boolean; keys?: number; detail?: string }> {
  const report = (await (await fetch(`${service.url}/health/ready`)).json()) as { dependencies: Record<string, object> };
  return report.dependencies['api_keys'] ?? {};
}

async function reached(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const metadataOf = (key?: string): grpc.Metadata => {
  const metadata = new grpc.Metadata();
  if (key !== undefined) metadata.set('authorization', `Bearer ${key}`);
  return metadata;
};

/** The code that a call ends with, or its first answer. */
async function outcome(stream: grpc.ClientReadableStream<unknown>): Promise<unknown> {
  const answer = await Promise.race([
    once(stream, 'data').then(([data]) => data as unknown),
    once(stream, 'error').then(([error]) => (error as grpc.ServiceError).metadata.get(codeMetadataKey)[0]),
  ]).catch((error: unknown) => (error as grpc.ServiceError).metadata.get(codeMetadataKey)[0]);
  stream.on('error', () => undefined);
  stream.cancel();
  return answer;
}

async function connect(headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(`${service.url.replace('http', 'ws')}/v1/stream`, { headers });
  await once(socket, 'message');
  return socket;
}

describe('HTTP', () => {
  it('asks for a key, and for the right of the route', async () => {
    const nobody = await ask('GET', '/v1/seen');
    expect(nobody.response.status).toBe(401);
    expect(nobody.response.headers.get('www-authenticate')).toBe('Bearer');
    expect(nobody.error).toMatchObject({
      code: 'KEY_REQUIRED',
      message: 'GET /v1/seen needs an API key with the right read.',
      retry: false,
    });
    expect((await ask('GET', '/v1/seen', bearer(newKey()))).error).toMatchObject({ code: 'KEY_UNKNOWN' });
    const wrong = await ask('POST', '/v1/taken', bearer(keys.reader));
    expect(wrong.response.status).toBe(403);
    expect(wrong.error).toMatchObject({
      code: 'RIGHT_MISSING',
      message: 'POST /v1/taken needs the right write; the API key "reader" holds read.',
      details: { needed: 'write' },
    });
  });

  it('lets in who holds the right', async () => {
    const doors: [string, string][] = [
      ['GET', '/v1/seen'],
      ['GET', '/metrics'],
      ['POST', '/v1/asked'],
      ['POST', '/v1/taken'],
      ['POST', '/v1/rebuilt'],
      ['GET', '/v1/nowhere'],
    ];
    const answers = async (key: string) => Promise.all(doors.map(([method, path]) => status(method, path, key)));
    expect(await answers(keys.reader)).toEqual([200, 200, 201, 403, 403, 404]);
    expect(await answers(keys.writer)).toEqual([403, 403, 403, 201, 403, 403]);
    expect(await answers(keys.admin)).toEqual([200, 200, 201, 201, 201, 404]);
    expect((await ask('GET', '/v1/seen', { 'x-api-key': keys.reader })).response.status).toBe(200);
  });

  it('leaves health open, and nothing else', async () => {
    expect(await status('GET', '/health/live')).toBe(200);
    expect(await status('GET', '/health/ready')).toBe(200);
    for (const path of ['/metrics', '/v1/nowhere', '/', '/health', '/health/live/'])
      expect([path, await status('GET', path)]).toEqual([path, 401]);
  });

  it('refuses before the body is read', async () => {
    const response = await fetch(`${service.url}/v1/taken`, {
      method: 'POST',
      body: '{"broken',
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('connection')).toBe('close');
  });
});

describe('WebSocket', () => {
  it('asks for the key before the upgrade, in the one error format', async () => {
    const socket = new WebSocket(`${service.url.replace('http', 'ws')}/v1/stream`, { headers: bearer(keys.writer) });
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, NodeJS.ReadableStream & { statusCode: number }];
    const text = await new Response(response as unknown as ReadableStream).text();
    expect(response.statusCode).toBe(403);
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'RIGHT_MISSING' } });
    await expect(connect()).rejects.toThrow('401');
    const opened = await connect(bearer(keys.reader));
    opened.terminate();
  });

  it('holds no connection for one who was refused and keeps his half open', async () => {
    const arrived = once(service.app.getHttpServer(), 'connection') as Promise<[Socket]>;
    const socket = connectSocket({ port: Number(new URL(service.url).port), host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    const upgrade = ['connection: upgrade', 'upgrade: websocket', 'sec-websocket-version: 13', `sec-websocket-key: ${'A'.repeat(22)}==`];
    socket.write(`GET /v1/stream HTTP/1.1\r\nhost: x\r\n${upgrade.join('\r\n')}\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 401 /);
    const [held] = await arrived;
    if (!held.closed) await once(held, 'close');
    socket.destroy();
  });
});

describe('gRPC', () => {
  it('asks for the key, and for the right of the call', async () => {
    expect(await outcome(client.Follow({}, metadataOf()))).toBe('KEY_REQUIRED');
    expect(await outcome(client.Follow({}, metadataOf(newKey())))).toBe('KEY_UNKNOWN');
    expect(await outcome(client.Follow({}, metadataOf(keys.writer)))).toBe('RIGHT_MISSING');
    expect(await outcome(client.Follow({}, metadataOf(keys.reader)))).toMatchObject({ number: 1 });
    const pushed = client.Push(metadataOf(keys.writer));
    pushed.write({ tag: 7 });
    expect(await outcome(pushed)).toMatchObject({ tag: 7 });
    const refused = client.Push(metadataOf(keys.reader));
    refused.write({ tag: 7 });
    expect(await outcome(refused)).toBe('RIGHT_MISSING');
  });

  it('takes a right that is stated, and gives gRPC its own status', async () => {
    const report = (key: string) =>
      new Promise<number>((resolve) => client.ReportCheckpoint({}, metadataOf(key), (error) => resolve(error?.code ?? grpc.status.OK)));
    for (const half of [keys.writer, keys.reader]) expect(await report(half)).toBe(grpc.status.PERMISSION_DENIED);
    expect(await report(keys.admin)).toBe(grpc.status.OK);
    expect(await report(newKey())).toBe(grpc.status.UNAUTHENTICATED);
  });

  it('keeps the key from whoever is behind the door', async () => {
    calls.length = 0;
    await outcome(client.Follow({}, metadataOf(keys.reader)));
    expect(calls[0].metadata.getMap()).not.toHaveProperty('authorization');
  });
});

describe('changes of the file', () => {
  it('take effect while the service runs', async () => {
    expect(await status('GET', '/v1/seen', keys.late)).toBe(401);
    write(formatKeyFile(entries({ late: ['read'] })));
    await reached(async () => (await status('GET', '/v1/seen', keys.late)) === 200);
    expect(await status('GET', '/v1/seen', keys.reader)).toBe(401);
  });

  it('end the streams of a key that is gone', async () => {
    const socket = await connect(bearer(keys.reader));
    const closed = once(socket, 'close');
    const events = await fetch(`${service.url}/v1/stream`, { headers: bearer(keys.reader) });
    const followed = client.Follow({}, metadataOf(keys.reader));
    await once(followed, 'data');
    const failed = once(followed, 'error');
    followed.resume();
    write(formatKeyFile(entries({ admin: ['admin'] })));
    const [code, reason] = (await closed) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1008, 'KEY_UNKNOWN']);
    await expect(events.text()).rejects.toThrow();
    const [error] = (await failed) as [grpc.ServiceError];
    expect(error.metadata.get(codeMetadataKey)).toEqual(['KEY_UNKNOWN']);
    await reached(() => calls.at(-1)!.signal.aborted);
  });

  it('leave the last good keys in force where the file is broken, and health says so', async () => {
    write('[{"name": "half');
    await reached(async () => (await health()).up === false);
    expect((await health()).detail).toContain('it is not JSON');
    expect(await status('GET', '/v1/seen', keys.reader)).toBe(200);
    expect(log.some((line) => line.includes('the keys from before stay in force'))).toBe(true);
  });
});

it('writes no key to the log', async () => {
  for (const headers of [bearer(keys.reader), bearer(keys.writer), { 'x-api-key': keys.reader }]) await ask('GET', '/v1/seen', headers);
  service.logger.info({ headers: { ...bearer(keys.reader), 'x-api-key': keys.reader } }, 'as a careless line would be');
  expect(log.length).toBeGreaterThan(5);
  for (const key of Object.values(keys)) expect(log.filter((line) => line.includes(key))).toEqual([]);
});

describe('at start', () => {
  const start = (path: string) =>
    startService({
      name: 'second',
      config: () => loadConfig({}, { HINDCAST_LOG_LEVEL: 'silent', HINDCAST_API_KEYS: path }),
      httpPort: () => 0,
      module: () => ProbeModule,
    });

  it('refuses a key file that is not there, or cannot be used', async () => {
    await expect(start(join(folder, 'absent.json'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('hindcast keys new'),
    });
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, '[{}]');
    await expect(start(broken)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('0.name is missing') });
  });
});
