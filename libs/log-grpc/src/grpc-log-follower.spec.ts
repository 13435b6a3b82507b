import { HindcastError } from '@hindcast/contracts';
import { emptyQuotes, emptyTrades, encodeLoggedBatch, type LoggedBatch } from '@hindcast/market';
import type { FollowedBatch, FollowOptions } from '@hindcast/ports';
import { GrpcLogFollower } from './grpc-log-follower.js';
import type { CheckpointMessage, FollowRequest, LoggedBatchMessage } from './tick-ingest-client.js';
import { serveTickIngest, statusOf, type FakeTickIngest } from './tick-ingest.fixture.js';

function batchOf(number: number): LoggedBatch {
  const marks = [{ market: 'usa/equity', symbol: 'SPY', timeUs: number }];
  return { number, source: 'lean', receivedAtUs: 1, slackUs: 0, trades: emptyTrades, quotes: emptyQuotes, marks, rejected: [] };
}

function message(number: number, streamId = 'stream-1'): LoggedBatchMessage {
  return { streamId, number, body: Buffer.from(encodeLoggedBatch(batchOf(number))), headNumber: 99 };
}

let server: Awaited<ReturnType<typeof serveTickIngest>>;
let fake: FakeTickIngest;
let follower: GrpcLogFollower;
let away: string[];

beforeEach(async () => {
  fake = {};
  away = [];
  server = await serveTickIngest(fake);
  follower = new GrpcLogFollower({ url: server.url, backoff: { firstMs: 1, mostMs: 20 }, onAway: ({ code }) => away.push(code) });
});

afterEach(() => {
  follower.close();
  server.stop();
});

async function take(count: number, options: FollowOptions): Promise<FollowedBatch[]> {
  const taken: FollowedBatch[] = [];
  for await (const followed of follower.follow(options)) {
    taken.push(followed);
    if (taken.length === count) break;
  }
  return taken;
}

describe('following a log over gRPC', () => {
  it('gives every batch from the first number on, as it was logged', async () => {
    const requests: FollowRequest[] = [];
    fake.onFollow = (call) => {
      requests.push(call.request);
      for (const number of [5, 6, 7]) call.write(message(number));
    };
    const taken = await take(3, { fromNumber: 5, follower: 'market-physics' });
    expect(taken).toEqual([5, 6, 7].map((number) => ({ streamId: 'stream-1', batch: batchOf(number), headNumber: 99 })));
    expect(requests).toMatchObject([{ streamId: '', fromNumber: 5, follower: 'market-physics' }]);
  });

  it('goes on at the next number of the same stream after a break', async () => {
    const requests: FollowRequest[] = [];
    fake.onFollow = (call) => {
      requests.push(call.request);
      const { fromNumber } = call.request;
      call.write(message(fromNumber));
      call.write(message(fromNumber + 1));
      if (fromNumber === 0) call.emit('error', statusOf(new HindcastError('SHUTTING_DOWN')));
      else if (fromNumber === 2) call.end();
    };
    const numbers = (await take(6, { fromNumber: 0 })).map(({ batch }) => batch.number);
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5]);
    expect(requests.map(({ streamId, fromNumber }) => [streamId, fromNumber])).toEqual([
      ['', 0],
      ['stream-1', 2],
      ['stream-1', 4],
    ]);
    expect(away).toEqual(['SHUTTING_DOWN']);
  });

  it('waits for a server that is not there yet', async () => {
    const { port } = server;
    server.stop();
    const taking = take(1, { fromNumber: 0 });
    while (away.length === 0) await new Promise(setImmediate);
    fake.onFollow = (call) => void call.write(message(0));
    server = await serveTickIngest(fake, port);
    expect(await taking).toHaveLength(1);
    expect(new Set(away)).toEqual(new Set(['UPSTREAM_AWAY']));
  });

  it.each([
    ['STREAM_UNKNOWN' as const, {}],
    ['NUMBER_TRIMMED' as const, { first_number: 40 }],
  ])('throws %s with what the service says of it', async (code, details) => {
    fake.onFollow = (call) => void call.emit('error', statusOf(new HindcastError(code, 'words', { details })));
    await expect(take(1, { fromNumber: 0 })).rejects.toMatchObject({ code, message: 'words', details });
    expect(away).toEqual([]);
  });

  it('closes the source when the reader stops', async () => {
    const cancelled = new Promise((resolve) => {
      fake.onFollow = (call) => {
        call.write(message(0));
        call.on('cancelled', resolve);
      };
    });
    await take(1, { fromNumber: 0 });
    await cancelled;
  });

  it('ends quietly when it is told to stop', async () => {
    const abort = new AbortController();
    fake.onFollow = (call) => void call.write(message(0));
    const taken: number[] = [];
    for await (const { batch } of follower.follow({ fromNumber: 0, signal: abort.signal })) {
      taken.push(batch.number);
      abort.abort();
    }
    expect(taken).toEqual([0]);
  });

  it('holds the sender back while nobody reads', async () => {
    let written = 0;
    const heldBack = new Promise<void>((resolve) => {
      fake.onFollow = (call) => {
        const big = { ...message(0), body: Buffer.concat([encodeLoggedBatch({ ...batchOf(0), source: 'x'.repeat(1_000_000) })]) };
        while (call.write(big)) written++;
        resolve();
      };
    });
    const batches = follower.follow({ fromNumber: 0 })[Symbol.asyncIterator]();
    await batches.next();
    await heldBack;
    expect(written).toBeLessThan(100);
    await batches.return(undefined);
  });

  it('reports checkpoints', async () => {
    const reports: CheckpointMessage[] = [];
    fake.onReport = (report) => reports.push(report);
    await follower.reportCheckpoint({ streamId: 'stream-1', follower: 'market-physics', number: 12 });
    expect(reports).toEqual([{ streamId: 'stream-1', follower: 'market-physics', number: 12 }]);
    server.stop();
    await expect(follower.reportCheckpoint({ streamId: 'stream-1', follower: 'market-physics', number: 13 })).rejects.toMatchObject({
      code: 'UPSTREAM_AWAY',
    });
  });
});
