import { once } from 'node:events';
import { connect } from 'node:net';
import grpc from '@grpc/grpc-js';
import { HindcastError } from '@hindcast/contracts';
import { systemClock } from '@hindcast/ports';
import { pino } from 'pino';
import { Doorkeeper } from './access/doorkeeper.js';
import { codeMetadataKey, type GrpcCall } from './grpc-handlers.js';
import { GrpcDoors, loadService, startGrpcServer } from './grpc-server.js';
import { Lifecycle } from './lifecycle.js';

interface Follow {
  readonly streamId: string;
  readonly fromNumber: number;
}
interface Batch {
  readonly number: number;
  readonly body: Uint8Array;
}
interface Push {
  readonly tag: number;
}

const silent = pino({ level: 'silent' });
const doorkeeper = Doorkeeper.withoutKeys(systemClock);
const service = 'hindcast.v1.TickIngest';
const bodyBytes = 64 * 1024;
const endless = 10_000;

/** A text that was cut within a character: gRPC cannot send it as it is. */
const halved = 'the log is \ud83d';
const wellFormed = 'the log is \ufffd';
/** What no JSON can say. */
const unsayable = (): HindcastError => new HindcastError('NUMBER_TRIMMED', 'trimmed', { details: { number: 1n as unknown as number } });

let made = 0;
let followEnded = (): void => undefined;
let pushEnded = (): void => undefined;
let calls: GrpcCall[] = [];

async function* follow({ streamId, fromNumber }: Follow, call: GrpcCall): AsyncGenerator<Batch> {
  calls.push(call);
  if (streamId === 'other') throw new HindcastError('STREAM_UNKNOWN', 'the log is "main"');
  if (streamId === 'half') throw new HindcastError('STREAM_UNKNOWN', halved);
  if (streamId === 'unsayable') throw unsayable();
  if (streamId === 'bug') throw new TypeError('inside');
  try {
    for (let number = fromNumber; number < endless; number += 1) {
      made += 1;
      yield { number, body: new Uint8Array(bodyBytes) };
      if (streamId === 'two' && number === fromNumber + 1) return;
    }
  } finally {
    followEnded();
  }
}

async function* push(requests: AsyncIterable<Push>): AsyncGenerator<{ tag: number; accepted: number }> {
  try {
    for await (const { tag } of requests) {
      yield { tag, accepted: 1 };
      if (tag === 99) return;
    }
  } finally {
    pushEnded();
  }
}

async function reportCheckpoint({ number }: { readonly number: number }): Promise<object> {
  if (number === 11) throw new HindcastError('NUMBER_TRIMMED', halved);
  if (number === 12) throw unsayable();
  if (number === 13) throw new HindcastError('NUMBER_TRIMMED');
  return {};
}

interface Client extends grpc.Client {
  Follow(request: Partial<Follow>): grpc.ClientReadableStream<Batch>;
  Push(): grpc.ClientDuplexStream<Push, { tag: number }>;
  ReportCheckpoint(request: object, callback: (error: grpc.ServiceError | null, answer?: object) => void): void;
}

let lifecycle: Lifecycle;
let client: Client;

beforeEach(async () => {
  made = 0;
  calls = [];
  lifecycle = new Lifecycle(silent);
  const { port } = await startGrpcServer({
    proto: 'tick_ingest.proto',
    service,
    methods: (handlers) => ({
      Follow: handlers.serverStream(follow),
      Push: handlers.bidiStream(push),
      ReportCheckpoint: handlers.unary(reportCheckpoint),
    }),
    bind: '127.0.0.1',
    port: 0,
    messageBytesMax: 1024 * 1024,
    logger: silent,
    doorkeeper,
    lifecycle,
  });
  const Stub = grpc.makeClientConstructor(loadService('tick_ingest.proto', service), 'TickIngest');
  client = new Stub(`127.0.0.1:${port}`, grpc.credentials.createInsecure()) as unknown as Client;
});

afterEach(async () => {
  client.close();
  expect(await lifecycle.stop()).toBe(true);
});

async function failure(stream: grpc.ClientReadableStream<unknown>): Promise<grpc.ServiceError> {
  stream.resume();
  const [error] = (await once(stream, 'error')) as [grpc.ServiceError];
  return error;
}

describe('server streams', () => {
  it('end when the generator ends', async () => {
    const numbers: number[] = [];
    for await (const batch of client.Follow({ streamId: 'two', fromNumber: 5 }) as AsyncIterable<Batch>) numbers.push(batch.number);
    expect(numbers).toEqual([5, 6]);
  });

  it('make nothing ahead of a reader that stands still, and stop when it leaves', async () => {
    const ended = new Promise<void>((resolve) => (followEnded = resolve));
    const stream = client.Follow({ fromNumber: 0 });
    stream.on('error', () => undefined);
    // A client that never reads at all is not held back by grpc-js; one that has begun and stopped is.
    await once(stream, 'data');
    stream.pause();
    stream.cancel();
    await ended;
    // What the transport's windows hold; a pump that did not wait for it would have made all of them before anybody could leave.
    expect(made).toBeLessThan(200);
    expect(calls[0]?.signal.aborted).toBe(true);
  });

  it('carry the code of a failure, and hide a bug', async () => {
    const refused = await failure(client.Follow({ streamId: 'other' }));
    expect(refused).toMatchObject({ code: grpc.status.FAILED_PRECONDITION, details: 'the log is "main"' });
    expect(refused.metadata.get(codeMetadataKey)).toEqual(['STREAM_UNKNOWN']);
    const bug = await failure(client.Follow({ streamId: 'bug' }));
    expect(bug.metadata.get(codeMetadataKey)).toEqual(['INTERNAL']);
    expect(bug.details).not.toContain('inside');
  });

  it('end also where the failure cannot be said as it is', async () => {
    expect(await failure(client.Follow({ streamId: 'half' }))).toMatchObject({
      code: grpc.status.FAILED_PRECONDITION,
      details: wellFormed,
    });
    expect(await failure(client.Follow({ streamId: 'unsayable' }))).toMatchObject({ code: grpc.status.INTERNAL });
  });

  it('end with SHUTTING_DOWN when the service stops', async () => {
    const stream = client.Follow({ fromNumber: 0 });
    await once(stream, 'data');
    const ended = failure(stream);
    expect(await lifecycle.stop()).toBe(true);
    expect((await ended).metadata.get(codeMetadataKey)).toEqual(['SHUTTING_DOWN']);
  });
});

describe('both ways', () => {
  it('answers each message, and may end first', async () => {
    const stream = client.Push();
    const answers: number[] = [];
    stream.on('data', ({ tag }: { tag: number }) => answers.push(tag));
    for (const tag of [1, 2, 99]) stream.write({ tag });
    await once(stream, 'end');
    expect(answers).toEqual([1, 2, 99]);
  });

  it('refuses a message above the bound', async () => {
    const stream = client.Push();
    stream.write({ tag: 1, trades: Buffer.alloc(2 * 1024 * 1024) } as Push);
    expect(await failure(stream)).toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED });
  });
});

describe('a message that is none of its type', () => {
  const asIs = (bytes: Buffer): Buffer => bytes;
  /** `from_number` as text. */
  const wrong = Buffer.from([0x12, 1, 0x37]);
  const notNumbered = {
    code: grpc.status.INVALID_ARGUMENT,
    details: expect.stringMatching(/none of its type: \w+ is written as bytes/) as string,
  };
  const path = (method: string): string => `/${service}/${method}`;

  it('is refused in a single call, and in one that streams answers', async () => {
    const refused = await new Promise<grpc.ServiceError | null>((resolve) =>
      client.makeUnaryRequest(path('ReportCheckpoint'), asIs, asIs, Buffer.from([0x18, 0xff]), resolve),
    );
    expect(refused).toMatchObject({ code: grpc.status.INVALID_ARGUMENT, details: 'The message is none of its type: number does not end.' });
    expect(refused?.metadata.get(codeMetadataKey)).toEqual(['BODY_INVALID']);
    expect(await failure(client.makeServerStreamRequest(path('Follow'), asIs, asIs, wrong))).toMatchObject(notNumbered);
    expect(made).toBe(0);
  });

  it('ends a call that streams both ways, after the answers to what came before', async () => {
    const ended = new Promise<void>((resolve) => (pushEnded = resolve));
    const stream = client.makeBidiStreamRequest(path('Push'), asIs, asIs);
    stream.write(Buffer.from([8, 1]));
    expect(await once(stream, 'data')).toHaveLength(1);
    stream.write(Buffer.from([0x0a, 1, 0x37]));
    expect(await failure(stream)).toMatchObject({ ...notNumbered, details: expect.stringContaining('tag is written as') as string });
    await ended;
  });
});

it('answers single calls, with the code where they fail', async () => {
  expect(await report(1)).toEqual({});
  await expect(report(13)).rejects.toMatchObject({ code: grpc.status.OUT_OF_RANGE });
});

it('answers single calls also where the failure cannot be said as it is', async () => {
  await expect(report(11)).rejects.toMatchObject({ code: grpc.status.OUT_OF_RANGE, details: wellFormed });
  await expect(report(12)).rejects.toMatchObject({ code: grpc.status.INTERNAL });
  expect(await report(1)).toEqual({});
});

it('closes connections beyond their bound, and serves those within it', async () => {
  const refused: string[] = [];
  const limited = Object.assign(Object.create(doorkeeper) as Doorkeeper, {
    limits: { ...doorkeeper.limits, connectionsMax: 2 },
    onRefused: (code: string) => refused.push(code),
  });
  const { port } = await startGrpcServer({
    proto: 'tick_ingest.proto',
    service,
    methods: (handlers) => ({ ReportCheckpoint: handlers.unary(reportCheckpoint) }),
    bind: '127.0.0.1',
    port: 0,
    logger: silent,
    doorkeeper: limited,
    lifecycle,
  });
  client.close();
  const Stub = grpc.makeClientConstructor(loadService('tick_ingest.proto', service), 'TickIngest');
  client = new Stub(`127.0.0.1:${port}`, grpc.credentials.createInsecure()) as unknown as Client;
  expect(await report(1)).toEqual({});
  const [within, beyond] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  within.on('error', () => undefined);
  beyond.on('error', () => undefined).resume();
  await once(beyond, 'close');
  expect(refused).toEqual(['CONNECTIONS_FULL']);
  expect(await report(1)).toEqual({});
  within.destroy();
});

it('serves several services on one port, each within its own bound', async () => {
  const doors = new GrpcDoors({ bind: '127.0.0.1', logger: silent, doorkeeper, lifecycle }, 0);
  const door = await doors.open({
    proto: 'tick_ingest.proto',
    service,
    port: 1,
    methods: (handlers) => ({ Push: handlers.bidiStream(push) }),
  });
  await doors.open({
    proto: 'market_data.proto',
    service: 'hindcast.v1.MarketData',
    port: 2,
    receiveBytesMax: 1_024,
    methods: (handlers) => ({ Symbols: handlers.unary(async ({ symbol }: { symbol: string }) => ({ symbols: [{ symbol }] })) }),
  });
  expect(door.port).toBe(0);
  await doors.complete();
  const at = `127.0.0.1:${door.port}`;
  const credentials = grpc.credentials.createInsecure();
  client.close();
  client = new (grpc.makeClientConstructor(loadService('tick_ingest.proto', service), 'TickIngest'))(at, credentials) as unknown as Client;
  const Data = grpc.makeClientConstructor(loadService('market_data.proto', 'hindcast.v1.MarketData'), 'MarketData');
  const data = new Data(at, credentials) as unknown as grpc.Client & {
    Symbols(request: object, done: (error: grpc.ServiceError | null, answer: object) => void): void;
  };
  const symbols = (symbol: string): Promise<object> =>
    new Promise((resolve, reject) => data.Symbols({ symbol }, (error, answer) => (error === null ? resolve(answer) : reject(error))));

  expect(await symbols('SPY')).toMatchObject({ symbols: [{ symbol: 'SPY' }] });
  await expect(symbols('X'.repeat(2_000))).rejects.toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED });
  const stream = client.Push();
  stream.write({ tag: 1, trades: Buffer.alloc(1024 * 1024) } as Push);
  expect(await once(stream, 'data')).toMatchObject([{ tag: 1 }]);
  stream.cancel();
  stream.on('error', () => undefined);
  data.close();
});

it('names the port that is taken', async () => {
  const port = Number(client.getChannel().getTarget().split(':').at(-1));
  const second = startGrpcServer({
    proto: 'tick_ingest.proto',
    service,
    methods: () => ({}),
    bind: '127.0.0.1',
    port,
    logger: silent,
    doorkeeper,
    lifecycle: new Lifecycle(silent),
  });
  await expect(second).rejects.toMatchObject({ code: 'PORT_IN_USE', message: expect.stringContaining(`Port ${port}`) as string });
});

function report(number: number): Promise<object | undefined> {
  return new Promise((resolve, reject) => {
    client.ReportCheckpoint({ number }, (error, answer) => (error === null ? resolve(answer) : reject(error)));
  });
}
