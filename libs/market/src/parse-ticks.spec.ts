import { usFromIso } from '@hindcast/contracts';
import { textAt, wordAt } from './columns.js';
import { parseTickBatches, type ParseOptions } from './parse-ticks.js';
import { batchRowsMax } from './tick-batch.js';

const options: ParseOptions = { table: 'trades', receivedAtUs: 7, rowsMax: 200_000 };
const trade = { timestamp: '2013-10-07T13:30:00.000001Z', symbol: 'SPY', trade_id: 'a', price: 100.5, size: 10 };
const quote = { timestamp: '2013-10-07T13:30:00Z', symbol: 'SPY', quote_id: 'q', bid: 100, bid_size: 3 };

describe('a body', () => {
  it.each([
    ['one tick', trade],
    ['an array', [trade]],
    ['an envelope', { trades: [trade] }],
  ])('may be %s', (_, body) => {
    const [{ trades, source, receivedAtUs, rejected, ...rest }] = parseTickBatches(body, options);
    expect([trades.length, source, receivedAtUs, rejected, rest.slackUs, rest.marks]).toEqual([1, 'http', 7, [], 0, []]);
    expect([trades.timeUs[0], trades.price[0], trades.size[0], trades.side[0]]).toEqual([usFromIso(trade.timestamp), 100.5, 10, 0]);
    expect([wordAt(trades.symbol, 0), wordAt(trades.market, 0), wordAt(trades.exchange, 0), textAt(trades.id, 0)]).toEqual([
      'SPY',
      'usa/equity',
      '',
      'a',
    ]);
  });

  it.each([
    ['BODY_INVALID', null, /not null/],
    ['BODY_INVALID', 'text', /not string/],
    ['BODY_INVALID', [], /no trades/],
    ['FIELD_INVALID', { trades: trade }, /trades must be an array/],
    [
      'FIELD_INVALID',
      { source: 's', offset: 0, quotes: [quote] },
      /quotes is not a field of the request; allowed are source, market, offset, trades/,
    ],
    ['FIELD_INVALID', { trades: [trade], quotes: [quote] }, /quotes is not a field/],
    ['FIELD_INVALID', { source: 's' }, /trades must be an array/],
    ['FIELD_INVALID', { trades: [trade], sorce: 's' }, /sorce/],
    ['FIELD_INVALID', { trades: [trade], source: 'a b' }, /source is "a b"/],
    ['FIELD_INVALID', { trades: [trade], market: 5 }, /market is 5/],
    ['FIELD_INVALID', { trades: [trade], source: 's', offset: -1 }, /offset is -1/],
    ['FIELD_INVALID', { trades: [trade], source: 's', offset: 0.5 }, /offset is 0.5/],
    ['TRADE_ID_REQUIRED', [trade, { ...trade, trade_id: undefined }], /row 1 has no trade_id/],
    ['TRADE_ID_REQUIRED', [{ ...trade, trade_id: null }], /row 0 has no trade_id/],
    ['TRADE_ID_REQUIRED', { trades: [{ ...trade, trade_id: undefined }], offset: 5 }, /both source and offset/],
    ['TRADE_ID_REQUIRED', { trades: [{ ...trade, trade_id: undefined }], source: 's' }, /both source and offset/],
    ['BATCH_TOO_LARGE', new Array(200_001).fill(trade), /200001 rows/],
  ])('that is wrong as a whole is %s', (code, body, message) => {
    expect(() => parseTickBatches(body, options)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
    );
  });

  it('counts ids through where it carries source and offset, and keeps those that rows have', () => {
    const { trade_id: _, ...nameless } = trade;
    const [{ trades }] = parseTickBatches(
      { source: 'file', offset: 100, trades: [nameless, trade, { ...nameless, trade_id: null }] },
      options,
    );
    expect([0, 1, 2].map((row) => textAt(trades.id, row))).toEqual(['100', 'a', '102']);
    expect(wordAt(trades.source, 0)).toBe('file');
  });

  it('of many rows becomes several batches, ids counted through and positions of each', () => {
    const { trade_id: _, ...nameless } = trade;
    const batches = parseTickBatches({ source: 'file', offset: 0, trades: new Array(batchRowsMax + 2).fill(nameless) }, options);
    expect(batches.map(({ trades }) => trades.length)).toEqual([batchRowsMax, 2]);
    expect([...batches[1].trades.sequence]).toEqual([0, 1]);
    expect(textAt(batches[1].trades.id, 1)).toBe(String(batchRowsMax + 1));
  });
});

describe('a row', () => {
  it.each([
    ['ROW_INVALID', '', 5],
    ['ROW_INVALID', '', null],
    ['ROW_INVALID', '', [trade]],
    ['ROW_INVALID', 'prize', { ...trade, prize: 1 }],
    ['TIME_INVALID', 'timestamp', { ...trade, timestamp: 'noon' }],
    ['TIME_INVALID', 'timestamp', { ...trade, timestamp: 1.5 }],
    ['TIME_INVALID', 'timestamp', { ...trade, timestamp: undefined }],
    ['SYMBOL_INVALID', 'symbol', { ...trade, symbol: undefined }],
    ['MARKET_INVALID', 'market', { ...trade, market: 5 }],
    ['EXCHANGE_INVALID', 'exchange', { ...trade, exchange: 5 }],
    ['ID_INVALID', 'trade_id', { ...trade, trade_id: 2 ** 53 }],
    ['ID_INVALID', 'trade_id', { ...trade, trade_id: 'x'.repeat(257) }],
    ['ID_INVALID', 'trade_id', { ...trade, trade_id: true }],
    ['PRICE_INVALID', 'price', { ...trade, price: '100' }],
    ['SIZE_INVALID', 'size', { ...trade, size: null }],
    ['SIDE_INVALID', 'side', { ...trade, side: 'buy' }],
    ['CONDITIONS_INVALID', 'conditions', { ...trade, conditions: ['x'] }],
  ])('that cannot be read is rejected alone: %s %s', (code, field, row) => {
    const [{ trades, rejected }] = parseTickBatches([trade, row, trade], options);
    expect([...trades.sequence]).toEqual([0, 2]);
    expect(rejected).toEqual([
      { table: 'trades', position: 1, code, field, message: expect.any(String) as string, text: JSON.stringify(row) },
    ]);
  });

  it('is kept in words, cut to a bound', () => {
    const [{ rejected }] = parseTickBatches([{ ...trade, price: 'x'.repeat(5_000) }], options);
    expect(rejected[0].text).toHaveLength(1_000);
  });

  it('may say its side, and its time in microseconds', () => {
    const [{ trades }] = parseTickBatches(
      [
        { ...trade, side: 'B', timestamp: 1_381_152_600_000_005 },
        { ...trade, side: 'S' },
        { ...trade, side: null },
        { ...trade, side: '' },
      ],
      options,
    );
    expect([[...trades.side], trades.timeUs[0]]).toEqual([[1, 2, 0, 0], 1_381_152_600_000_005]);
  });

  it('of a quote may have one side', () => {
    const [{ quotes, rejected }] = parseTickBatches([quote, { ...quote, bid: null, bid_size: null, ask: 101 }, { ...quote, bid: 'x' }], {
      ...options,
      table: 'quotes',
    });
    expect([[...quotes.bid], [...quotes.bidSize], [...quotes.ask], [...quotes.askSize]]).toEqual([
      [100, NaN],
      [3, NaN],
      [NaN, 101],
      [NaN, NaN],
    ]);
    expect(rejected).toMatchObject([{ table: 'quotes', position: 2, code: 'PRICE_INVALID', field: 'bid' }]);
  });
});
