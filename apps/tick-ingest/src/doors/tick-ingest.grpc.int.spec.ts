import grpc from '@grpc/grpc-js';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { encodePushedTrades, type TickBatch } from '@hindcast/market';
import { GrpcLogFollower, GrpcPusher } from '@hindcast/log-grpc';
import { Doorkeeper, Lifecycle, loadService } from '@hindcast/service-kit';
import { clock, IngestWorld, noonUs, nowUs, quotesOf, tradesBatch, type WorldOptions } from '../ingest-world.fixture.js';
import { silentLogger } from '../silent-logger.fixture.js';
import { TrimmerWorker } from '../drain/trimmer.worker.js';
import type { PushAck, PushRequest } from './push-messages.js';
import { openGrpcDoor } from './tick-ingest.grpc.js';

let world: IngestWorld;
let lifecycle: Lifecycle;
let url: string;
let pusher: GrpcPusher;

async function open(options: WorldOptions = {}): Promise<void> {
  world = await IngestWorld.create(options);
  lifecycle = new Lifecycle(silentLogger);
  const door = await openGrpcDoor({
    ...world.parts,
    clock,
    logger: silentLogger,
    lifecycle,
    doorkeeper: Doorkeeper.withoutKeys(clock),
    bind: '127.0.0.1',
    port: 0,
    maxAheadUs: 0,
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
    });
    expect(world.log.read(1)!.rejected[1]).toMatchObject({ text: 'garbage', position: 2 });
    expect(await pusher.push(batch)).toMatchObject({ accepted: 0, duplicate: 2, rejected: 2 });
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
});
