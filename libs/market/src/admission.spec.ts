import { usFromIso } from '@hindcast/contracts';
import { admit, type Admission } from './admission.js';
import { emptyAdmissionState, type AdmissionState } from './admission-state.js';
import { emptyQuotes, emptyTrades } from './codec/logged-batch-codec.js';
import { quoteColumns, tradeColumns, type QuoteFields, type TradeFields } from './column-builders.js';
import { IdentityMemory } from './identity-memory.js';
import { KnownTicks } from './known-ticks.js';
import type { AdmissionLimits } from './row-checks.js';
import type { LoggedBatch, Mark, TickBatch } from './tick-batch.js';

const noon = usFromIso('2013-10-07T16:00:00Z') as number;
const nowUs = usFromIso('2013-10-08T00:00:00Z') as number;
const limits: AdmissionLimits = { maxAheadUs: 1_000_000, priceBands: new Map([['IBM', { min: 100, max: 300 }]]) };

/** A log in miniature: what the intake keeps around the fold. */
class SmallLog {
  state: AdmissionState = emptyAdmissionState;
  readonly memory = new IdentityMemory({ rowsMax: 1_000 });
  readonly batches = new Map<number, LoggedBatch>();

  admit(batch: Partial<TickBatch>): Admission {
    const number = this.batches.size + 1;
    const whole: TickBatch = {
      source: 'test',
      receivedAtUs: nowUs,
      slackUs: 0,
      trades: emptyTrades,
      quotes: emptyQuotes,
      marks: [],
      rejected: [],
      ...batch,
    };
    const known = new KnownTicks(
      this.memory,
      { number, trades: whole.trades, quotes: whole.quotes },
      (wanted) => this.batches.get(wanted) as LoggedBatch,
    );
    const admission = admit(this.state, whole, { number, nowUs, limits, known });
    this.state = admission.state;
    if (admission.hasContent) this.batches.set(number, admission.batch);
    return admission;
  }

  trades(...rows: readonly Partial<TradeFields>[]): Admission {
    return this.admit({ trades: trades(...rows) });
  }
}

let nextId = 0;

function trades(...rows: readonly Partial<TradeFields>[]): TickBatch['trades'] {
  const whole = rows.map((row, position): TradeFields => ({
    timeUs: noon,
    symbol: 'SPY',
    market: 'usa/equity',
    exchange: 'P',
    id: `id${nextId++}`,
    conditions: '',
    price: 100,
    size: 10,
    side: 0,
    position,
    ...row,
  }));
  return tradeColumns(whole, { source: 'test', receivedAtUs: nowUs });
}

function quotes(...rows: readonly Partial<QuoteFields>[]): TickBatch['quotes'] {
  const whole = rows.map((row, position): QuoteFields => ({
    timeUs: noon,
    symbol: 'SPY',
    market: 'usa/equity',
    exchange: 'P',
    id: `id${nextId++}`,
    conditions: '',
    bid: 100,
    bidSize: 1,
    ask: NaN,
    askSize: NaN,
    position,
    ...row,
  }));
  return quoteColumns(whole, { source: 'test', receivedAtUs: nowUs });
}

function mark(timeUs: number): Mark {
  return { market: 'usa/equity', symbol: 'SPY', timeUs };
}

describe('what is rejected', () => {
  test.each([
    ['SYMBOL_INVALID', 'symbol', { symbol: 'spy' }],
    ['SYMBOL_INVALID', 'symbol', { symbol: "SPY'; DROP TABLE trades" }],
    ['MARKET_INVALID', 'market', { market: 'usa' }],
    ['EXCHANGE_INVALID', 'exchange', { exchange: 'a place' }],
    ['TIME_INVALID', 'timestamp', { timeUs: -1 }],
    ['TIME_INVALID', 'timestamp', { timeUs: NaN }],
    ['TIME_INVALID', 'timestamp', { timeUs: noon + 0.5 }],
    ['TIME_IN_FUTURE', 'timestamp', { timeUs: nowUs + limits.maxAheadUs + 1 }],
    ['PRICE_INVALID', 'price', { price: 0 }],
    ['PRICE_INVALID', 'price', { price: NaN }],
    ['PRICE_INVALID', 'price', { price: Infinity }],
    ['SIZE_INVALID', 'size', { size: -5 }],
    ['SIDE_INVALID', 'side', { side: 255 }],
    ['ID_INVALID', 'trade_id', { id: '' }],
    ['ID_INVALID', 'trade_id', { id: 'with space' }],
    ['ID_INVALID', 'trade_id', { id: 'x'.repeat(65) }],
    ['CONDITIONS_INVALID', 'conditions', { conditions: 'x'.repeat(65) }],
    ['PRICE_OUT_OF_BAND', 'price', { symbol: 'IBM', price: 99.99 }],
  ] as const)('%s for %s', (code, field, row) => {
    const admission = new SmallLog().trades(row, {});
    expect(admission.batch.rejected).toMatchObject([{ code, field, position: 0, table: 'trades' }]);
    expect(admission.counts.trades).toEqual({ received: 2, accepted: 1, duplicate: 0, rejected: 1, late: 0 });
  });

  test.each([
    ['QUOTE_EMPTY', { bid: NaN, ask: NaN }],
    ['PRICE_INVALID', { bid: 0 }],
    ['PRICE_INVALID', { ask: -1 }],
    ['SIZE_INVALID', { bidSize: -1 }],
  ] as const)('a quote with %s', (code, row) => {
    expect(new SmallLog().admit({ quotes: quotes(row) }).batch.rejected).toMatchObject([{ code, table: 'quotes' }]);
  });

  test('a quote with one side, and sizes unknown, is a quote', () => {
    const { batch } = new SmallLog().admit({ quotes: quotes({ bidSize: NaN }, { bid: NaN, bidSize: NaN, ask: 101, askSize: 0 }) });
    expect([...batch.quotes.bid]).toEqual([100, NaN]);
    expect([...batch.quotes.ask]).toEqual([NaN, 101]);
  });

  test('what was sent is kept in words', () => {
    const [row] = new SmallLog().trades({ id: 'a1', price: NaN }).batch.rejected;
    expect(JSON.parse(row.text)).toEqual({
      symbol: 'SPY',
      market: 'usa/equity',
      exchange: 'P',
      timestamp: '2013-10-07T16:00:00Z',
      trade_id: 'a1',
      price: 'NaN',
      size: 10,
      side: null,
      conditions: null,
    });
  });
});

describe('identity', () => {
  test('the same tick again, in the same batch or a later one, is a duplicate', () => {
    const log = new SmallLog();
    expect(log.trades({ id: 'a' }, { id: 'a' }).counts.trades).toMatchObject({ accepted: 1, duplicate: 1 });
    const again = log.trades({ id: 'a' });
    expect(again.counts.trades).toMatchObject({ accepted: 0, duplicate: 1 });
    expect(again.hasContent).toBe(false);
  });

  test.each([{ price: 101 }, { size: 11 }, { side: 2 }, { conditions: 'x' }])('the first version wins over %p', (other) => {
    const log = new SmallLog();
    log.trades({ id: 'a', side: 1 });
    expect(log.trades({ id: 'a', side: 1, ...other }).batch.rejected).toMatchObject([{ code: 'TRADE_CONFLICT' }]);
  });

  test('a side that the tick rule filled in does not conflict with its absence', () => {
    const log = new SmallLog();
    log.trades({ id: 'a' }, { id: 'b', price: 101 });
    expect(log.trades({ id: 'b', price: 101 }).counts.trades).toMatchObject({ duplicate: 1, rejected: 0 });
  });

  test.each([{ timeUs: noon + 1 }, { symbol: 'IBM', price: 100 }, { exchange: 'Q' }, { market: 'usa/other' }])(
    'an id is only one within %p',
    (other) => {
      const log = new SmallLog();
      log.trades({ id: 'a' });
      expect(log.trades({ id: 'a', ...other }).counts.trades).toMatchObject({ accepted: 1 });
    },
  );

  test('a trade and a quote may share an id', () => {
    expect(new SmallLog().admit({ trades: trades({ id: 'a' }), quotes: quotes({ id: 'a', position: 1 }) }).counts).toMatchObject({
      trades: { accepted: 1 },
      quotes: { accepted: 1 },
    });
  });
});

describe('the clock and late trades', () => {
  test('a trade is late when its bar has closed, however little', () => {
    const log = new SmallLog();
    const { batch } = log.trades({ timeUs: noon + 999_999 }, { timeUs: noon }, { timeUs: noon + 1_000_000 }, { timeUs: noon + 999_999 });
    expect([...batch.trades.late]).toEqual([0, 0, 0, 1]);
    expect(log.state.instruments.get('usa/equity SPY')?.clockUs).toBe(noon + 1_000_000);
  });

  test('slack keeps the bar open', () => {
    const log = new SmallLog();
    const { batch } = log.admit({
      slackUs: 250_000,
      trades: trades({ timeUs: noon + 1_200_000 }, { timeUs: noon + 900_000 }, { timeUs: noon + 1_250_000 }, { timeUs: noon + 900_000 }),
    });
    expect([...batch.trades.late]).toEqual([0, 0, 0, 1]);
  });

  test('a mark closes bars after the rows of its batch, and one that tells nothing new is left out', () => {
    const log = new SmallLog();
    const first = log.admit({ trades: trades({ timeUs: noon }), marks: [mark(noon + 5_000_000)] });
    expect([...first.batch.trades.late]).toEqual([0]);
    expect([...log.trades({ timeUs: noon + 4_000_000 }).batch.trades.late]).toEqual([1]);
    expect(log.admit({ marks: [mark(noon + 5_000_000)] }).hasContent).toBe(false);
  });

  test('quotes move no clock, late trades neither, and instruments do not share one', () => {
    const log = new SmallLog();
    log.trades({ timeUs: noon + 10_000_000 });
    log.admit({ quotes: quotes({ timeUs: noon + 60_000_000 }) });
    log.trades({ timeUs: noon });
    expect([...log.trades({ timeUs: noon + 10_000_000 }, { timeUs: noon, symbol: 'AIG' }).batch.trades.late]).toEqual([0, 0]);
  });
});

describe('the side', () => {
  test('comes from the last other price where none is given, and a first trade has none', () => {
    const { batch } = new SmallLog().trades(
      { price: 10 },
      { price: 10 },
      { price: 11 },
      { price: 11 },
      { price: 9 },
      { price: 12, side: 2 },
      { price: 12 },
    );
    expect([...batch.trades.side]).toEqual([0, 0, 1, 1, 2, 2, 1]);
    expect([...batch.trades.sideInferred]).toEqual([0, 0, 1, 1, 1, 0, 1]);
  });

  test('starts anew exactly when the window does', () => {
    const afterBars = (empty: number): number => noon + (empty + 1) * 1_000_000;
    const sides = (empty: number): number[] => [
      ...new SmallLog().trades({ price: 10 }, { price: 11 }, { price: 12, timeUs: afterBars(empty) }).batch.trades.side,
    ];
    expect(sides(3_899)).toEqual([0, 1, 1]);
    expect(sides(3_900)).toEqual([0, 1, 0]);
  });

  test('late trades infer it among themselves', () => {
    const log = new SmallLog();
    log.trades({ price: 50, timeUs: noon + 9_000_000 });
    const { batch } = log.trades({ price: 10 }, { price: 11 }, { price: 49, timeUs: noon + 9_000_000 });
    expect([...batch.trades.side]).toEqual([0, 1, 2]);
    expect([...batch.trades.late]).toEqual([1, 1, 0]);
  });
});

test('sequences are the batch number and the position, and leave out what was not let in', () => {
  const log = new SmallLog();
  log.trades({ id: 'a' });
  const { batch } = log.trades({ id: 'a' }, { price: -1 }, {});
  expect([...batch.trades.sequence]).toEqual([2 * 65_536 + 2]);
});

test('rows are counted by table, instrument and UTC day of their event time', () => {
  const midnight = usFromIso('2013-10-07T00:00:00Z') as number;
  const { cells } = new SmallLog().admit({
    trades: trades({ timeUs: midnight - 1 }, { timeUs: midnight }, { timeUs: midnight + 1 }),
    quotes: quotes({ position: 3 }),
  });
  const day = midnight / 86_400_000_000;
  expect(cells).toEqual([
    { table: 'trades', market: 'usa/equity', symbol: 'SPY', day: day - 1, admitted: 1, late: 0 },
    { table: 'trades', market: 'usa/equity', symbol: 'SPY', day, admitted: 2, late: 0 },
    { table: 'quotes', market: 'usa/equity', symbol: 'SPY', day, admitted: 1, late: 0 },
  ]);
});

test('the state given is left as it was', () => {
  const log = new SmallLog();
  log.trades({ timeUs: noon });
  const before = log.state;
  const copy = structuredClone(before);
  log.trades({ timeUs: noon + 5_000_000, price: 120 });
  expect(before).toEqual(copy);
});
