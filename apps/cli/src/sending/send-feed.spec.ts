import { HindcastError } from '@hindcast/contracts';
import type { PushAck } from '@hindcast/log-grpc';
import { emptyQuotes, tradeColumns, type TickBatch } from '@hindcast/market';
import { fakeTerminal } from '../terminal.fixture.js';
import type { SendPosition } from './position.js';
import { sendFeed, type SendableFeed } from './send-feed.js';

function batchOf(rows: number): TickBatch {
  const fields = { timeUs: 1, symbol: 'SPY', market: 'usa/equity', exchange: '', id: '1', conditions: '', price: 1, size: 1, side: 0 };
  const trades = tradeColumns(
    Array.from({ length: rows }, (_, position) => ({ ...fields, position })),
    { source: 'lean', receivedAtUs: 0 },
  );
  return { source: 'lean', receivedAtUs: 0, slackUs: 0, trades, quotes: emptyQuotes, marks: [], rejected: [] };
}

const origins = { path: () => 'ticks.csv', line: (position: number) => position + 1 };

/** Of an order whose first ten rows an earlier run has sent. */
function feedOf(...sizes: number[]): SendableFeed {
  return {
    partDone: (rows) => rows / 100,
    async *[Symbol.asyncIterator]() {
      let throughRow = startRow;
      for (const size of sizes) yield await Promise.resolve({ ...batchOf(size), origins, throughRow: (throughRow += size) });
    },
  };
}

const startRow = 10;

/** Acknowledges everything; `onPushed` is called before each acknowledgement. */
function pusherOf(onPushed: (count: number) => void = () => undefined) {
  let count = 0;
  return {
    async *pushAll<Batch extends TickBatch>(feed: AsyncIterable<Batch>) {
      for await (const batch of feed) {
        onPushed(++count);
        const ack: PushAck = {
          tag: count,
          accepted: batch.trades.length,
          duplicate: 0,
          rejected: 0,
          late: 0,
          rejectedRows: [],
          tradeDays: [],
          streamId: 'stream-1',
          throughNumber: count,
        };
        yield { batch, ack };
      }
    },
  };
}

describe('running a replay', () => {
  it('counts rows of the merged order from where it started, and leaves its position', async () => {
    const saved: SendPosition[] = [];
    const positions = { save: (position: SendPosition) => Promise.resolve(void saved.push(position)) };
    const result = await sendFeed({
      feed: feedOf(3, 2),
      pusher: pusherOf(),
      positions,
      terminal: fakeTerminal(),
      speed: Infinity,
      startRow,
    });
    expect(result).toMatchObject({ finished: true, rows: 15 });
    expect(result.tally.received).toBe(5);
    expect(saved).toEqual([{ rows: 15, streamId: 'stream-1' }]);
  });

  it('keeps with its position how much was written beside by then, and nothing of a group that is not told to its end', async () => {
    const saved: SendPosition[] = [];
    const positions = { save: (position: SendPosition) => Promise.resolve(void saved.push(position)) };
    let bytes = 7;
    const terminal = fakeTerminal();
    await sendFeed({
      // Two batches, and one of a group whose last is never acknowledged.
      feed: feedOf(3, 2, 0),
      pusher: pusherOf(),
      positions,
      terminal,
      speed: Infinity,
      startRow,
      onAcknowledged: () => void (bytes += 100),
      besideBytes: () => bytes,
    });
    expect(saved).toEqual([{ rows: 15, streamId: 'stream-1', besideBytes: 207 }]);
  });

  it('goes on where its position cannot be kept, and says so', async () => {
    const notes: string[] = [];
    const positions = { save: () => Promise.reject(new Error('ENOSPC: no space left on device, write')) };
    const terminal = { ...fakeTerminal(), note: (text: string) => void notes.push(text) };
    const result = await sendFeed({ feed: feedOf(3, 2), pusher: pusherOf(), positions, terminal, speed: Infinity, startRow });
    expect(result).toMatchObject({ finished: true, rows: 15 });
    expect(notes).toEqual(['the position is not kept, whatever is interrupted begins anew: ENOSPC: no space left on device, write']);
  });

  it('sends nothing more once it is stopped, and keeps what was acknowledged', async () => {
    const stop = new AbortController();
    const saved: SendPosition[] = [];
    const positions = { save: (position: SendPosition) => Promise.resolve(void saved.push(position)) };
    const pusher = pusherOf((count) => count === 2 && stop.abort());
    const result = await sendFeed({
      feed: feedOf(1, 2, 4, 8),
      pusher,
      positions,
      terminal: fakeTerminal(stop.signal),
      speed: Infinity,
      startRow,
    });
    expect(result).toMatchObject({ finished: false, rows: 13 });
    expect(saved).toEqual([{ rows: 13, streamId: 'stream-1' }]);
  });

  it('keeps what was acknowledged when an instrument is refused for too long, and says where it goes on', async () => {
    const notes: string[] = [];
    const saved: SendPosition[] = [];
    const positions = { save: (position: SendPosition) => Promise.resolve(void saved.push(position)) };
    const full = new HindcastError('INSTRUMENT_FULL', 'usa/equity IBM can take no more for now: its file is damaged');
    const pusher = pusherOf((count) => {
      if (count === 3) throw full;
    });
    const terminal = { ...fakeTerminal(), note: (text: string) => void notes.push(text) };
    const sending = sendFeed({ feed: feedOf(1, 2, 4), pusher, positions, terminal, speed: Infinity, startRow });
    await expect(sending).rejects.toBe(full);
    expect(saved).toEqual([{ rows: 13, streamId: 'stream-1' }]);
    expect(notes).toEqual(['Stopped after row 13. The same command goes on there.']);
  });
});
