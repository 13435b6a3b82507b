import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isoFromUs, usFromIso } from '@hindcast/contracts';
import { textAt, wordAt, type CodedColumn, type TickBatch } from '@hindcast/market';
import { zipOf } from '../files/zip.fixture.js';
import { leanFeed, type LeanFeedOptions } from './lean-feed.js';

const files: Readonly<Record<string, string>> = {
  'equity/usa/tick/spy/20131007_trade.zip': '1000,1681000,100,P,0,0\n2000,1681100,200,,20000020,1\n2000,1681100,200,,20000020,1',
  'equity/usa/tick/spy/20131008_trade.zip': '0,1682000,50,N,0,0\nnot a line\n5000,1683000,60,N,0,0',
  'equity/usa/tick/spy/20131007_quote.zip': '2000,1681000,3,0,0,Q,1,0\n',
  'equity/usa/tick/ibm/20131007_trade.zip': '2000,1820000,10,N,0,0\n',
  'forex/oanda/tick/eurusd/20131007_quote.zip': '14402000,1.38710,1.38726\r\n86399999,1.38711,1.38727\r\n',
};

let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'lean-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dataDir, path)), { recursive: true });
    await writeFile(join(dataDir, path), zipOf(['ticks.csv', text]));
  }
});

afterAll(async () => rm(dataDir, { recursive: true }));

function options(overrides: Partial<LeanFeedOptions> = {}): LeanFeedOptions {
  return {
    dataDir,
    symbols: ['SPY', 'IBM', 'EURUSD'],
    fromDay: '2013-10-05',
    toDay: '2013-10-08',
    kinds: ['trades', 'quotes'],
    batchRows: 4,
    clock: { nowUs: () => Number(usFromIso('2026-01-01T00:00:00Z')) },
    ...overrides,
  };
}

async function batchesOf(overrides: Partial<LeanFeedOptions> = {}): Promise<TickBatch[]> {
  const batches: TickBatch[] = [];
  for await (const batch of await leanFeed(options(overrides))) batches.push(batch);
  return batches;
}

/** What a batch says, line by line in the order of positions, marks last. */
function told({ trades, quotes, rejected, marks }: TickBatch): string[] {
  const lines: string[] = [];
  for (let row = 0; row < trades.length; row++) {
    lines[trades.sequence[row]] = ['trade', isoFromUs(trades.timeUs[row]), ...words(trades, row), trades.price[row], trades.size[row]].join(
      ' ',
    );
  }
  for (let row = 0; row < quotes.length; row++) {
    const { bid, bidSize, ask, askSize } = quotes;
    lines[quotes.sequence[row]] = [
      'quote',
      isoFromUs(quotes.timeUs[row]),
      ...words(quotes, row),
      bid[row],
      bidSize[row],
      ask[row],
      askSize[row],
    ].join(' ');
  }
  for (const { position, code, text } of rejected) lines[position] = `rejected ${code} ${text}`;
  return [...lines, ...marks.map(({ symbol, timeUs }) => `mark ${symbol} ${isoFromUs(timeUs)}`)];
}

function words(columns: TickBatch['trades'] | TickBatch['quotes'], row: number): string[] {
  const word = (column: CodedColumn): string => wordAt(column, row) || '-';
  return [word(columns.market), word(columns.symbol), word(columns.exchange), word(columns.conditions), textAt(columns.id, row)];
}

const order = [
  'trade 2013-10-07T04:00:01Z usa/equity SPY P 0 2013100700000000 168.1 100',
  'quote 2013-10-07T04:00:02Z oanda/forex EURUSD - - 2013100700000000 1.3871 NaN 1.38726 NaN',
  'quote 2013-10-07T04:00:02Z usa/equity SPY Q 1 2013100700000000 168.1 3 NaN NaN',
  'trade 2013-10-07T04:00:02Z usa/equity IBM N 0 2013100700000000 182 10',
  'trade 2013-10-07T04:00:02Z usa/equity SPY - 20000020,suspicious 2013100700000001 168.11 200',
  'trade 2013-10-07T04:00:02Z usa/equity SPY - 20000020,suspicious 2013100700000002 168.11 200',
  'quote 2013-10-07T23:59:59.999Z oanda/forex EURUSD - - 2013100700000001 1.38711 NaN 1.38727 NaN',
  'mark EURUSD 2013-10-08T00:00:00Z',
  'mark IBM 2013-10-08T04:00:00Z',
  'mark SPY 2013-10-08T04:00:00Z',
  'trade 2013-10-08T04:00:00Z usa/equity SPY N 0 2013100800000000 168.2 50',
  'rejected ROW_INVALID "not a line"',
  'trade 2013-10-08T04:00:05Z usa/equity SPY N 0 2013100800000002 168.3 60',
  'mark SPY 2013-10-09T04:00:00Z',
];

describe("the feed of LEAN's files", () => {
  it.each([1, 2, 4, 100])('has one order, whatever a batch holds: %i rows', async (batchRows) => {
    expect((await batchesOf({ batchRows })).flatMap(told)).toEqual(order);
  });

  it('does not depend on the order in which symbols are named', async () => {
    expect((await batchesOf({ symbols: ['EURUSD', 'SPY', 'IBM', 'SPY'] })).flatMap(told)).toEqual(order);
  });

  it('closes a batch where it would span too much time', async () => {
    const sizes = (await batchesOf({ batchRows: 100, batchSpanUs: 1_000_000 })).map(({ trades, quotes }) => trades.length + quotes.length);
    expect(sizes).toEqual([1, 5, 1, 1, 1]);
  });

  it.each([0, 3, 6, 7, 9, 10])('goes on after row %i', async (startAfterRow) => {
    const rows = order.filter((line) => !line.startsWith('mark')).slice(startAfterRow);
    const rest = (await batchesOf({ startAfterRow })).flatMap(told);
    expect(rest.filter((line) => !line.startsWith('mark'))).toEqual(rows);
    expect(rest.at(-1)).toBe('mark SPY 2013-10-09T04:00:00Z');
  });

  it('knows its size, its gaps and how far it is', async () => {
    const feed = await leanFeed(options({ symbols: ['SPY'], kinds: ['trades'] }));
    expect(feed.plan).toMatchObject({
      files: 2,
      gaps: [
        { symbol: 'SPY', kind: 'trades', day: '2013-10-05' },
        { symbol: 'SPY', kind: 'trades', day: '2013-10-06' },
      ],
    });
    for await (const { source } of feed) expect(source).toBe('lean');
    expect(feed.progress()).toEqual({ rows: 6, bytesRead: feed.plan.bytes, bytesTotal: feed.plan.bytes });
  });

  it('names every symbol that has no file before anything is sent', async () => {
    await expect(leanFeed(options({ symbols: ['SPY', 'AAPL', 'MSFT'] }))).rejects.toMatchObject({
      code: 'FIELD_INVALID',
      message: expect.stringContaining('no file of AAPL, MSFT from 2013-10-05 to 2013-10-08'),
    });
  });

  it('says which file is no zip', async () => {
    const path = join(dataDir, 'equity/usa/tick/bad/20131007_trade.zip');
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, 'no zip');
    await expect(leanFeed(options({ symbols: ['BAD'] }))).rejects.toMatchObject({
      code: 'BODY_INVALID',
      message: expect.stringContaining(path),
    });
  });
});

const recorded = join(process.env.HINDCAST_DATA || resolve('..', 'shared', 'data'), 'lean');
const withRecorded = existsSync(recorded) ? describe : describe.skip;

withRecorded('the recorded days (skipped where HINDCAST_DATA has none)', () => {
  it('have exactly the rows that are counted beside them, in order', async () => {
    const counts: Record<string, number> = {};
    let newestUs = 0;
    let disorder = 0;
    const feed = await leanFeed(
      options({ dataDir: recorded, symbols: ['IBM', 'AIG'], fromDay: '2013-10-07', toDay: '2013-10-09', batchRows: 5_000 }),
    );
    for await (const { trades, quotes, rejected } of feed) {
      expect(rejected).toEqual([]);
      for (const [kind, { length, symbol, id, timeUs }] of Object.entries({ trades, quotes })) {
        for (let row = 0; row < length; row++) {
          const key = `${kind} ${symbol.values[symbol.codes[row]]} ${Buffer.from(id.bytes.subarray(id.offsets[row], id.offsets[row] + 8)).toString()}`;
          counts[key] = (counts[key] ?? 0) + 1;
          if (timeUs[row] < newestUs) disorder++;
        }
      }
      newestUs = Math.max(newestUs, trades.timeUs.at(-1) ?? 0, quotes.timeUs.at(-1) ?? 0);
    }
    expect(disorder).toBe(0);
    expect(counts).toEqual({
      'trades IBM 20131007': 24_293,
      'trades IBM 20131008': 33_381,
      'trades IBM 20131009': 27_042,
      'trades AIG 20131007': 25_351,
      'trades AIG 20131008': 43_342,
      'trades AIG 20131009': 52_008,
      'quotes IBM 20131007': 109_067,
      'quotes IBM 20131008': 125_750,
      'quotes IBM 20131009': 135_492,
    });
  }, 60_000);
});
