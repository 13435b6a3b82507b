import { emptyQuotes, emptyTrades, tradeColumns, type TickBatch } from '@hindcast/market';
import { paced } from './paced.js';

function batchAt(...timesUs: number[]): TickBatch {
  const rows = timesUs.map((timeUs, position) => ({
    timeUs,
    position,
    symbol: 'SPY',
    market: 'usa/equity',
    exchange: '',
    id: String(timeUs),
    conditions: '',
    price: 1,
    size: 1,
    side: 0,
  }));
  const trades = tradeColumns(rows, { source: 'lean', receivedAtUs: 0 });
  return { source: 'lean', receivedAtUs: 0, slackUs: 0, trades, quotes: emptyQuotes, marks: [], rejected: [] };
}

const marks: TickBatch = { source: 'lean', receivedAtUs: 0, slackUs: 0, trades: emptyTrades, quotes: emptyQuotes, marks: [], rejected: [] };

async function* feed(): AsyncGenerator<TickBatch> {
  yield batchAt(1_000_000, 3_000_000);
  yield batchAt(11_000_000);
  yield marks;
}

it('hands a batch out when its newest row is due', async () => {
  let nowUs = 500;
  const sleeps: number[] = [];
  const sleep = (ms: number): Promise<void> => {
    sleeps.push(ms);
    nowUs += ms * 1000;
    return Promise.resolve();
  };
  const times: number[] = [];
  for await (const { trades } of paced(feed(), { speed: 10, clock: { nowUs: () => nowUs }, sleep })) {
    times.push(nowUs);
    if (trades.length === 1) nowUs += 5_000_000;
  }
  expect(sleeps).toEqual([200, 800]);
  expect(times).toEqual([200_500, 1_000_500, 6_000_500]);
});

it('stops in the middle of a wait', async () => {
  const abort = new AbortController();
  const sleep = (_: number, signal?: AbortSignal): Promise<void> =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
      abort.abort(new Error('stop'));
    });
  const run = async (): Promise<void> => {
    for await (const { source } of paced(feed(), { speed: 1, clock: { nowUs: () => 0 }, sleep, signal: abort.signal }))
      expect(source).toBe('lean');
  };
  await expect(run()).rejects.toThrow('stop');
});
