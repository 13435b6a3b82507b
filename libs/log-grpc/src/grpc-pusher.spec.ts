import type grpc from '@grpc/grpc-js';
import { HindcastError } from '@hindcast/contracts';
import { emptyQuotes, emptyTrades, parseArrowTrades, tradeColumns, wordAt, type TickBatch } from '@hindcast/market';
import { GrpcPusher, type GrpcPusherOptions } from './grpc-pusher.js';
import type { PushAnswer, PushRequest } from './tick-ingest-client.js';
import { serveTickIngest, statusOf, type FakeTickIngest } from './tick-ingest.fixture.js';

type PushCall = grpc.ServerDuplexStream<PushRequest, Partial<PushAnswer>>;

/** A batch that is told apart by its mark. */
function batchOf(timeUs: number): TickBatch {
  const marks = [{ market: 'usa/equity', symbol: 'SPY', timeUs }];
  return { source: 'lean', receivedAtUs: 1, slackUs: 0, trades: emptyTrades, quotes: emptyQuotes, marks, rejected: [] };
}

async function* feedOf(...timesUs: number[]): AsyncGenerator<TickBatch> {
  for (const timeUs of timesUs) yield Promise.resolve(batchOf(timeUs));
}

let fake: FakeTickIngest;
let server: Awaited<ReturnType<typeof serveTickIngest>>;
let pusher: GrpcPusher;
let seen: number[];

beforeEach(async () => {
  fake = {};
  seen = [];
  server = await serveTickIngest(fake);
  open();
});

function open(options: Partial<GrpcPusherOptions> = {}): void {
  pusher = new GrpcPusher({ url: server.url, backoff: { firstMs: 1, mostMs: 5 }, ...options });
}

afterEach(() => {
  pusher.close();
  server.stop();
});

/** Answers each batch by its time; `calls` counts streams from 0. */
function answering(answer: (timeUs: number, call: PushCall, calls: number) => Partial<PushAnswer> | undefined): void {
  let calls = 0;
  fake.onPush = (call) => {
    const callNumber = calls++;
    call.on('data', ({ tag, marks }: PushRequest) => {
      seen.push(marks[0].timeUs);
      const answered = answer(marks[0].timeUs, call, callNumber);
      if (answered) call.write({ tag, ...answered });
    });
    call.on('error', () => undefined);
  };
}

const accept = (timeUs: number): Partial<PushAnswer> => ({ accepted: timeUs, streamId: 'stream-1', throughNumber: timeUs });

describe('pushing batches over gRPC', () => {
  it('sends what a door reads', async () => {
    const row = {
      timeUs: 1_381_152_600_000_001,
      symbol: 'SPY',
      market: 'usa/equity',
      exchange: 'P',
      id: '7',
      conditions: '',
      position: 3,
      price: 168.25,
      size: 100,
      side: 0,
    };
    const requests: PushRequest[] = [];
    fake.onPush = (call) =>
      void call.on('data', (request: PushRequest) => {
        requests.push(request);
        call.write({ tag: request.tag, accepted: 1 });
      });
    const trades = tradeColumns([row], { source: 'lean', receivedAtUs: 1 });
    const rejected = [{ table: 'quotes' as const, position: 4, code: 'ROW_INVALID' as const, field: '', message: 'words', text: 'a,b' }];
    await pusher.push({ ...batchOf(5), slackUs: 250_000, trades, rejected });
    expect(requests[0]).toMatchObject({
      source: 'lean',
      slackMs: 250,
      marks: [{ market: 'usa/equity', symbol: 'SPY', timeUs: 5 }],
      rejected: [{ table: 'quotes', index: 4, code: 'ROW_INVALID', message: 'words', text: 'a,b' }],
    });
    expect(requests[0].quotes).toHaveLength(0);
    const parsed = parseArrowTrades(requests[0].trades, { source: 'lean', market: '', receivedAtUs: 2 });
    expect([parsed.timeUs[0], wordAt(parsed.symbol, 0), wordAt(parsed.exchange, 0), parsed.sequence[0], parsed.price[0]]).toEqual([
      row.timeUs,
      'SPY',
      'P',
      3,
      168.25,
    ]);
  });

  it('resolves each push with its own acknowledgement', async () => {
    answering(accept);
    const acks = await Promise.all([3, 1, 2].map((timeUs) => pusher.push(batchOf(timeUs))));
    expect(acks.map(({ accepted, streamId }) => [accepted, streamId])).toEqual([
      [3, 'stream-1'],
      [1, 'stream-1'],
      [2, 'stream-1'],
    ]);
    expect(seen).toEqual([3, 1, 2]);
  });

  it('rejects a batch that is refused, and goes on with the others', async () => {
    answering((timeUs) => (timeUs === 2 ? { errorCode: 'FIELD_INVALID', errorMessage: 'words', retry: false } : accept(timeUs)));
    const outcomes = await Promise.allSettled([1, 2, 3].map((timeUs) => pusher.push(batchOf(timeUs))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'FIELD_INVALID', message: 'words' } });
  });

  it('names the log that acknowledged before, also in what it sends again, and is refused by another', async () => {
    const named: [number, string][] = [];
    let present = 'stream-1';
    fake.onPush = (call) => {
      call.on('data', ({ tag, marks, streamId }: PushRequest) => {
        named.push([marks[0].timeUs, streamId]);
        // The service is started anew beside another log, while batch 3 is under way.
        if (marks[0].timeUs === 3 && present === 'stream-1') {
          present = 'stream-2';
          call.emit('error', statusOf(new HindcastError('SHUTTING_DOWN')));
        } else if (streamId !== '' && streamId !== present)
          call.write({ tag, errorCode: 'LOG_REPLACED', errorMessage: 'words', retry: false });
        else call.write({ tag, ...accept(marks[0].timeUs), streamId: present });
      });
      call.on('error', () => undefined);
    };
    await pusher.push(batchOf(1));
    await pusher.push(batchOf(2));
    await expect(pusher.push(batchOf(3))).rejects.toMatchObject({ code: 'LOG_REPLACED' });
    expect(named).toEqual([
      [1, ''],
      [2, 'stream-1'],
      [3, 'stream-1'],
      [3, 'stream-1'],
    ]);
  });

  it('sends again in order what an answer asked to be sent again', async () => {
    const away: string[] = [];
    let back = 0;
    pusher.close();
    open({ onAway: ({ code }) => away.push(code), onBack: () => back++ });
    answering((timeUs, _call, calls) =>
      calls === 0 && timeUs === 2 ? { errorCode: 'LOG_FULL', errorMessage: 'full', retry: true } : accept(timeUs),
    );
    const acks = await Promise.all([1, 2, 3, 4].map((timeUs) => pusher.push(batchOf(timeUs))));
    expect(acks.map(({ accepted }) => accepted)).toEqual([1, 2, 3, 4]);
    expect(seen.slice(-3)).toEqual([2, 3, 4]);
    expect([away, back]).toEqual([['LOG_FULL'], 1]);
  });

  it('sends again in order what a broken stream left open', async () => {
    answering((timeUs, call, calls) => {
      if (calls > 0 || timeUs < 2) return accept(timeUs);
      if (timeUs === 3) call.emit('error', statusOf(new HindcastError('SHUTTING_DOWN')));
      return undefined;
    });
    const acks = await Promise.all([1, 2, 3, 4].map((timeUs) => pusher.push(batchOf(timeUs))));
    expect(acks.map(({ accepted }) => accepted)).toEqual([1, 2, 3, 4]);
    expect(seen.slice(-3)).toEqual([2, 3, 4]);
  });

  it('outlives a restart of the service', async () => {
    answering(accept);
    await pusher.push(batchOf(1));
    const { port } = server;
    server.stop();
    const pushing = pusher.push(batchOf(2));
    server = await serveTickIngest(fake, port);
    expect((await pushing).accepted).toBe(2);
  });

  it('has no more batches under way than its window', async () => {
    pusher.close();
    open({ windowMax: 3 });
    const held: (() => void)[] = [];
    fake.onPush = (call) =>
      void call.on('data', ({ tag, marks }: PushRequest) => {
        seen.push(marks[0].timeUs);
        held.push(() => call.write({ tag, accepted: marks[0].timeUs }));
      });
    const acks = Promise.all([1, 2, 3, 4, 5, 6, 7].map((timeUs) => pusher.push(batchOf(timeUs))));
    let most = 0;
    for (let answered = 0; answered < 7;) {
      await new Promise(setImmediate);
      most = Math.max(most, held.length);
      if (held.length < Math.min(3, 7 - answered)) continue;
      held.shift()?.();
      answered++;
    }
    expect((await acks).map(({ accepted }) => accepted)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(3);
  });

  it('pushes a whole feed, each batch with its acknowledgement', async () => {
    pusher.close();
    open({ windowMax: 2 });
    answering(accept);
    const pushed: unknown[] = [];
    for await (const { batch, ack } of pusher.pushAll(feedOf(1, 2, 3, 4, 5))) pushed.push([batch.marks[0].timeUs, ack.accepted]);
    expect(pushed).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
      [5, 5],
    ]);
  });

  it('gives up after a bounded time', async () => {
    pusher.close();
    open({ awayMaxMs: 0 });
    server.stop();
    await expect(pusher.push(batchOf(1))).rejects.toMatchObject({ code: 'UPSTREAM_AWAY' });
  });

  it('rejects what is open when it is closed', async () => {
    answering(() => undefined);
    const pushing = pusher.push(batchOf(1));
    while (seen.length === 0) await new Promise(setImmediate);
    pusher.close();
    await expect(pushing).rejects.toMatchObject({ code: 'UPSTREAM_AWAY' });
    await expect(pusher.push(batchOf(2))).rejects.toMatchObject({ code: 'UPSTREAM_AWAY' });
  });
});
