import type { LeanFeed } from '@hindcast/feeds';
import type { PushAck } from '@hindcast/log-grpc';
import { emptyQuotes, tradeColumns, type TickBatch } from '@hindcast/market';
import { fakeTerminal } from '../terminal.fixture.js';
import type { ReplayPosition } from './replay-position.js';
import { runReplay } from './replay-run.js';

function batchOf(rows: number): TickBatch {
  const fields = { timeUs: 1, symbol: 'SPY', market: 'usa/equity', exchange: '', id: '1', conditions: '', price: 1, size: 1, side: 0 };
  const trades = tradeColumns(
    Array.from({ length: rows }, (_, position) => ({ ...fields, position })),
    { source: 'lean', receivedAtUs: 0 },
  );
  return { source: 'lean', receivedAtUs: 0, slackUs: 0, trades, quotes: emptyQuotes, marks: [], rejected: [] };
}

function feedOf(...sizes: number[]): LeanFeed {
  return {
    plan: { series: [], gaps: [], files: 1, bytes: 100 },
    progress: () => ({ rows: 0, bytesRead: 50, bytesTotal: 100 }),
    async *[Symbol.asyncIterator]() {
      for (const size of sizes) yield await Promise.resolve(batchOf(size));
    },
  };
}

/** Acknowledges everything; `onPushed` is called before each acknowledgement. */
function pusherOf(onPushed: (count: number) => void = () => undefined) {
  let count = 0;
  return {
    async *pushAll(feed: AsyncIterable<TickBatch>) {
      for await (const batch of feed) {
        onPushed(++count);
        const ack: PushAck = {
          tag: count,
          accepted: batch.trades.length,
          duplicate: 0,
          rejected: 0,
          late: 0,
          rejectedRows: [],
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
    const saved: ReplayPosition[] = [];
    const positions = { save: (position: ReplayPosition) => Promise.resolve(void saved.push(position)) };
    const result = await runReplay({
      feed: feedOf(3, 2),
      pusher: pusherOf(),
      positions,
      terminal: fakeTerminal(),
      speed: Infinity,
      startRow: 10,
    });
    expect(result).toMatchObject({ finished: true, rows: 15 });
    expect(result.tally.received).toBe(5);
    expect(saved).toEqual([{ rows: 15, streamId: 'stream-1' }]);
  });

  it('goes on where its position cannot be kept, and says so', async () => {
    const notes: string[] = [];
    const positions = { save: () => Promise.reject(new Error('ENOSPC: no space left on device, write')) };
    const terminal = { ...fakeTerminal(), note: (text: string) => void notes.push(text) };
    const result = await runReplay({ feed: feedOf(3, 2), pusher: pusherOf(), positions, terminal, speed: Infinity, startRow: 0 });
    expect(result).toMatchObject({ finished: true, rows: 5 });
    expect(notes).toEqual(['the position is not kept, an interrupted replay begins anew: ENOSPC: no space left on device, write']);
  });

  it('sends nothing more once it is stopped, and keeps what was acknowledged', async () => {
    const stop = new AbortController();
    const saved: ReplayPosition[] = [];
    const positions = { save: (position: ReplayPosition) => Promise.resolve(void saved.push(position)) };
    const pusher = pusherOf((count) => count === 2 && stop.abort());
    const result = await runReplay({
      feed: feedOf(1, 2, 4, 8),
      pusher,
      positions,
      terminal: fakeTerminal(stop.signal),
      speed: Infinity,
      startRow: 0,
    });
    expect(result).toMatchObject({ finished: false, rows: 3 });
    expect(saved).toEqual([{ rows: 3, streamId: 'stream-1' }]);
  });
});
