import { once } from 'node:events';
import { jest } from '@jest/globals';
import grpc from '@grpc/grpc-js';
import { tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import { encodePushedTrades, type TickBatch } from '@hindcast/market';
import { GrpcLogFollower, GrpcPusher } from '@hindcast/log-grpc';
import { Doorkeeper, GrpcDoors, HealthRegistry, Lifecycle, loadService } from '@hindcast/service-kit';
import { GrpcCaller, grpcDoorConformance } from '@hindcast/testing';
import { clock, IngestWorld, noonUs, nowUs, quotesOf, tradesBatch, type WorldOptions } from '../ingest-world.fixture.js';
import { silentLogger } from '../silent-logger.fixture.js';
import { TrimmerWorker } from '../drain/trimmer.worker.js';
import { feedsOf } from '../feeds/feeds.fixture.js';
import { Followers, type LoggedBatchMessage } from './followers.js';
import type { PushAck, PushRequest } from './push-messages.js';
import { openGrpcDoor } from './tick-ingest.grpc.js';

let world: IngestWorld;
let lifecycle: Lifecycle;
let url: string;
let pusher: GrpcPusher;

async function open(options: WorldOptions = {}): Promise<void> {
  world = await IngestWorld.create(options);
  lifecycle = new Lifecycle(silentLogger);
  const doorkeeper = Doorkeeper.withoutKeys(clock);
  const health = new HealthRegistry({ service: 'tick-ingest', version: '0', nowMs: () => 0, stopping: lifecycle.signal });
  const doors = new GrpcDoors({ bind: '127.0.0.1', health, doorkeeper, logger: silentLogger, lifecycle });
  const door = await openGrpcDoor(doors, {
    ...world.parts,
    clock,
    port: 0,
    maxAheadUs: 0,
    followers: new Followers({ log: world.log, followersMax: 2, followers: ['market-physics'] }),
    feeds: await feedsOf(world),
  });
  url = `127.0.0.1:${door.port}`;
  pusher = new GrpcPusher({ url, windowMax: 8, backoff: { firstMs: 1, mostMs: 5 } });
}

afterEach(async () => {
  pusher.close();
  await lifecycle.stop();
  await world.remove();
});

/** One trade a second: every one that is overtaken by a later one is late. */
const second = (at: number): TickBatch => tradesBatch([{ id: `s${at}`, timeUs: noonUs + at * 1_000_000 }]);

const keptIds = (): string[] =>
  world.flushed.flatMap(({ trades }) =>
    new TextDecoder().decode(trades.id.bytes.subarray(trades.id.offsets[0], trades.id.offsets[trades.length])),
  );

describe('a door like all others', () => {
  let caller: GrpcCaller;
  beforeEach(async () => {
    await open();
    caller = GrpcCaller.to({ proto: 'tick_ingest.proto', service: 'hindcast.v1.TickIngest', port: Number(url.split(':')[1]) });
  });
  afterEach(() => caller.close());

  grpcDoorConformance(() => caller);
});

describe('Push', () => {
  it('acknowledges each batch with what became of its rows, and adds nothing when it comes again', async () => {
    await open();
    const batch = tradesBatch([{ id: 'a' }, { id: 'b', price: -1 }], {
      quotes: quotesOf([{ id: 'q' }], 3),
      rejected: [{ table: 'trades', position: 2, code: 'ROW_INVALID', field: '', message: 'no row', text: 'garbage' }],
    });
    expect(await pusher.push(batch)).toMatchObject({
      accepted: 2,
      duplicate: 0,
      rejected: 2,
      late: 0,
      streamId: world.log.streamId,
      throughNumber: 1,
      rejectedRows: [
        { index: 1, code: 'PRICE_INVALID', field: 'price', table: 'trades' },
        { index: 2, code: 'ROW_INVALID', table: 'trades' },
      ],
      tradeDays: [{ market: 'usa/equity', symbol: 'SPY', day: '2013-10-07', accepted: 1, late: 0 }],
    });
    expect(world.log.read(1)!.rejected[1]).toMatchObject({ text: 'garbage', position: 2 });
    expect(await pusher.push(batch)).toMatchObject({ accepted: 0, duplicate: 2, rejected: 2, tradeDays: [] });
  });

  it('goes on after a batch that is refused for good', async () => {
    await open();
    const inFuture = { ...second(1), marks: [{ market: 'usa/equity', symbol: 'SPY', timeUs: nowUs + 1 }] };
    const answers = await Promise.allSettled([pusher.push(second(0)), pusher.push(inFuture), pusher.push(second(2))]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(answers[1]).toMatchObject({ reason: { code: 'FIELD_INVALID', message: expect.stringContaining('marks.time_us') as string } });
    expect(keptIds()).toEqual(['s0', 's2']);
  });

  it.each([0, 1, 5])('keeps the order when the disk fails under the stream, at write %p', async (failAppend) => {
    await open();
    world.failAppend = failAppend;
    const acks = await Promise.all(Array.from({ length: 30 }, (_, at) => pusher.push(second(at))));
    expect(acks.reduce((sum, { late }) => sum + late, 0)).toBe(0);
    expect(keptIds()).toEqual(Array.from({ length: 30 }, (_, at) => `s${at}`));
  });

  it('keeps the order when the log is full for a while', async () => {
    await open({ logRowsMax: 10 });
    const trimmer = new TrimmerWorker({
      ...world.parts,
      clock,
      logger: silentLogger,
      logKeepRows: 0,
      logRowsMax: 10,
      followerStallMs: 1_000,
      followers: [],
    });
    const pushes = Promise.all(Array.from({ length: 40 }, (_, at) => pusher.push(second(at))));
    let isDone = false;
    void pushes.then(() => (isDone = true));
    while (!isDone) {
      await world.drain();
      await trimmer.trim();
      await new Promise(setImmediate);
    }
    expect((await pushes).reduce((sum, { late }) => sum + late, 0)).toBe(0);
    expect(keptIds()).toEqual(Array.from({ length: 40 }, (_, at) => `s${at}`));
  });

  it('cuts a request with more rows than a batch has, and counts its rejected rows through', async () => {
    await open({ logRowsMax: 100_000 });
    const rows = Array.from({ length: 65_540 }, (_, at) => ({ id: String(at), timeUs: noonUs + at, price: at === 65_538 ? -1 : 100 }));
    const ack = await pusher.push(tradesBatch(rows));
    expect(ack).toMatchObject({ accepted: 65_539, rejected: 1, throughNumber: 2, rejectedRows: [{ index: 65_538 }] });
    expect(world.flushed.map(({ trades }) => trades.length)).toEqual([65_536, 3]);
  }, 30_000);
});

describe('Push, from any client', () => {
  async function answersTo(requests: readonly Partial<PushRequest>[]): Promise<PushAck[]> {
    const Client = grpc.makeGenericClientConstructor(loadService('tick_ingest.proto', 'hindcast.v1.TickIngest'), 'TickIngest');
    const client = new Client(url, grpc.credentials.createInsecure()) as unknown as grpc.Client & {
      Push(): grpc.ClientDuplexStream<Partial<PushRequest>, PushAck>;
    };
    const call = client.Push();
    for (const request of requests) call.write(request);
    call.end();
    const answers = (await call.toArray()) as PushAck[];
    client.close();
    return answers;
  }

  const nameless = tableToIPC(
    tableFromArrays({
      timestamp: BigInt64Array.of(BigInt(noonUs), BigInt(noonUs + 1)),
      symbol: ['SPY', 'SPY'],
      price: Float64Array.of(1, 2),
      size: Float64Array.of(1, 1),
    }),
    'stream',
  );
  const named = encodePushedTrades(tradesBatch([{ id: 'a' }]).trades);

  it('answers in order, tags and all, and names what is wrong', async () => {
    await open();
    const answers = await answersTo([
      { tag: 7, source: 'x', trades: named },
      { tag: 8, source: 'not a source', trades: named },
      { tag: 9, source: 'x', trades: Uint8Array.of(1, 2, 3) },
      { tag: 10, source: 'x', trades: named, slackMs: 60_001 },
      { tag: 11, source: 'x', rejected: [{ index: 0, code: 'NO_SUCH', field: '', message: '', table: 'trades', text: '' }] },
      { tag: 12, source: 'x', marks: [{ market: 'usa', symbol: 'SPY', timeUs: 5 }] },
      { tag: 13, source: 'x', marks: [{ market: 'usa/equity', symbol: 'SPY', timeUs: noonUs }] },
    ]);
    expect(answers.map(({ tag, errorCode, retry }) => [tag, errorCode, retry])).toEqual([
      [7, '', false],
      [8, 'FIELD_INVALID', false],
      [9, 'BODY_INVALID', false],
      [10, 'FIELD_INVALID', false],
      [11, 'FIELD_INVALID', false],
      [12, 'FIELD_INVALID', false],
      [13, '', false],
    ]);
    expect(answers[0]).toMatchObject({ accepted: 1, throughNumber: 1 });
  });

  it('takes nothing from a sender whose batches another log acknowledged: that one may have lost them', async () => {
    await open();
    const answers = await answersTo([
      { tag: 1, source: 'x', trades: named, streamId: 'another' },
      { tag: 2, source: 'x', trades: named, streamId: world.log.streamId },
    ]);
    expect(answers[0]).toMatchObject({ tag: 1, errorCode: 'LOG_REPLACED', retry: false });
    expect(answers[0].errorMessage).toContain('stream_id names "another"');
    expect(answers[1]).toMatchObject({ tag: 2, accepted: 1, errorCode: '' });
  });

  it('counts ids from an offset, 0 included, and does not mistake an absent one for 0', async () => {
    await open();
    const request = { source: 'x', market: 'usa/equity', trades: nameless };
    const [absent, zero, again] = await answersTo([
      { tag: 1, ...request },
      { tag: 2, ...request, offset: 0 },
      { tag: 3, ...request, offset: 0 },
    ]);
    expect([absent.errorCode, zero.accepted, again.duplicate]).toEqual(['TRADE_ID_REQUIRED', 2, 2]);
    expect(keptIds()).toEqual(['01']);
  });

  it('ends the stream behind a refusal that asks to send again', async () => {
    await open();
    world.failAppend = 0;
    const answers = await answersTo(
      Array.from({ length: 5 }, (_, at) => ({ tag: at + 1, source: 'x', trades: encodePushedTrades(second(at).trades) })),
    );
    expect(new Set(answers.map(({ errorCode, retry }) => `${String(errorCode)} ${String(retry)}`))).toEqual(
      new Set(['LOG_UNAVAILABLE true']),
    );
    expect(answers[0].tag).toBe(1);
    expect(world.log.position().headNumber).toBe(0);
  });
});

describe('Follow and ReportCheckpoint', () => {
  it('give the log to another process, live, and keep how far it is', async () => {
    await open();
    const follower = new GrpcLogFollower({ url });
    await pusher.push(second(0));
    const seen: number[] = [];
    for await (const { batch, streamId } of follower.follow({ fromNumber: 1, follower: 'market-physics' })) {
      expect([streamId, batch.trades.length]).toEqual([world.log.streamId, 1]);
      seen.push(batch.number);
      if (batch.number === 3) break;
      await pusher.push(second(batch.number));
    }
    expect(seen).toEqual([1, 2, 3]);
    await follower.reportCheckpoint({ streamId: world.log.streamId, follower: 'market-physics', number: 2 });
    expect(world.log.recall().checkpoints).toMatchObject([{ follower: 'market-physics', number: 2 }]);
    await expect(follower.reportCheckpoint({ streamId: world.log.streamId, follower: 'Not A Name', number: 2 })).rejects.toMatchObject({
      code: 'FIELD_INVALID',
    });
  });

  type FollowClient = grpc.Client & { Follow(request: object): grpc.ClientReadableStream<LoggedBatchMessage> };

  function onlooker(): FollowClient {
    const Client = grpc.makeGenericClientConstructor(loadService('tick_ingest.proto', 'hindcast.v1.TickIngest'), 'TickIngest');
    return new Client(url, grpc.credentials.createInsecure()) as unknown as FollowClient;
  }

  /** The first batches that a follower gets, or the code of its refusal. */
  async function followed(request: object, count: number): Promise<LoggedBatchMessage[]> {
    const client = onlooker();
    const batches: LoggedBatchMessage[] = [];
    try {
      for await (const batch of client.Follow(request) as AsyncIterable<LoggedBatchMessage>) if (batches.push(batch) === count) break;
    } finally {
      client.close();
    }
    return batches;
  }

  it('let others read the tables of each batch, or of some symbols of it, under every number', async () => {
    await open();
    const marks = [{ market: 'usa/equity', symbol: 'IBM', timeUs: noonUs + 1 }];
    await pusher.push(tradesBatch([{ id: 'a' }, { id: 'b', symbol: 'IBM' }], { quotes: quotesOf([{ id: 'q' }], 2), marks }));
    await pusher.push(second(1));
    const [whole] = await followed({ tables: true }, 1);
    expect([whole.number, whole.headNumber, whole.body, whole.marks]).toEqual([1, 2, Buffer.alloc(0), marks]);
    const ids = (bytes: Uint8Array | undefined, name: string): unknown[] => [...tableFromIPC(bytes!).getChild(name)!];
    expect([ids(whole.trades, 'trade_id'), ids(whole.quotes, 'quote_id')]).toEqual([['a', 'b'], ['q']]);
    const [some, none] = await followed({ fromNumber: 1, tables: true, symbols: ['IBM'] }, 2);
    expect([ids(some.trades, 'trade_id'), some.quotes?.length, some.marks]).toEqual([['b'], 0, marks]);
    expect([none.number, none.trades?.length, none.quotes?.length, none.marks]).toEqual([2, 0, 0, []]);
  });

  it('begin live behind the newest batch', async () => {
    await open();
    await pusher.push(second(0));
    const client = onlooker();
    const call = client.Follow({ live: true });
    const first = call[Symbol.asyncIterator]().next();
    // The stream stands once it holds a place; only then is a new batch behind it.
    while (
      (await followed({}, 1).then(
        () => 0,
        (error: unknown) => (error as grpc.ServiceError).details,
      )) !== 0
    );
    await pusher.push(second(1));
    await pusher.push(second(2));
    expect([2, 3]).toContain(((await first).value as LoggedBatchMessage).number);
    client.close();
  });

  it.each<[string, object]>([
    ['FIELD_INVALID', { symbols: ['SPY'] }],
    ['FIELD_INVALID', { tables: true, symbols: ['spy; drop table trades'] }],
    ['FIELD_INVALID', { tables: true, symbols: new Array(1_001).fill('SPY') }],
    ['FIELD_INVALID', { fromNumber: 3 }],
    ['FIELD_INVALID', { fromNumber: 1, live: true }],
    ['FIELD_INVALID', { follower: 'Not A Name' }],
    ['STREAM_UNKNOWN', { streamId: 'another', fromNumber: 3 }],
  ])('are refused with %s: %p', async (code, request) => {
    await open();
    await pusher.push(second(0));
    const refusal = await followed(request, 1).then(
      () => undefined,
      (error: unknown) => error as grpc.ServiceError,
    );
    expect(refusal?.metadata.get('hindcast-code')).toEqual([code]);
  });

  it('have as many followers as are allowed, and a place again when one leaves', async () => {
    await open();
    await pusher.push(second(0));
    const client = onlooker();
    const calls = [client.Follow({}), client.Follow({})];
    for (const call of calls) await new Promise((resolve) => call.once('data', resolve));
    await expect(followed({}, 1)).rejects.toMatchObject({ details: expect.stringContaining('2 followers') as string });
    for (const call of calls) call.on('error', () => undefined).cancel();
    while ((await followed({}, 1).catch(() => [])).length === 0);
    client.close();
  });

  it('read no further for one that does not, and let the log be trimmed behind it', async () => {
    await open({ logRowsMax: 100_000 });
    const read = jest.spyOn(world.log, 'readBody');
    const client = onlooker();
    const call = client.Follow({});
    const text = 'x'.repeat(1_000);
    const rejected = Array.from({ length: 100 }, (_, row) => ({
      table: 'trades' as const,
      position: row + 1,
      code: 'ROW_INVALID' as const,
      field: '',
      message: '',
      text,
    }));
    const wide = (at: number): TickBatch => ({ ...second(at), rejected });
    await pusher.push(wide(0));
    await once(call, 'data');
    call.pause();
    for (let at = 1; at < 60; at++) await pusher.push(wide(at));
    expect(read.mock.calls.length).toBeLessThan(30);
    await world.drain();
    await new TrimmerWorker({
      ...world.parts,
      clock,
      logger: silentLogger,
      logKeepRows: 0,
      logRowsMax: 100_000,
      followerStallMs: 1_000,
      followers: [],
    }).trim();
    expect(world.log.position().rows).toBe(0);
    // What lay in the sockets comes; then it learns that the rest is gone.
    const lost = await new Promise<grpc.ServiceError>((resolve) =>
      call
        .on('error', resolve)
        .on('data', () => undefined)
        .resume(),
    );
    expect(lost.metadata.get('hindcast-code')).toEqual(['NUMBER_TRIMMED']);
    client.close();
  }, 30_000);

  it('keep checkpoints of so many names, none ahead of the log', async () => {
    await open();
    await pusher.push(second(0));
    const follower = new GrpcLogFollower({ url });
    const report = (name: string, number: number) => follower.reportCheckpoint({ streamId: world.log.streamId, follower: name, number });
    await expect(report('ahead', 2)).rejects.toMatchObject({ code: 'FIELD_INVALID' });
    for (let name = 0; name < 32; name++) await report(`follower-${name}`, 1);
    await expect(report('one-more', 1)).rejects.toMatchObject({ code: 'CLIENTS_FULL' });
    await report('follower-3', 1);
    await report('market-physics', 1);
    expect(await world.log.forgetCheckpoint('follower-5')).toBe(true);
    await report('one-more', 1);
    follower.close();
  });
});
