import fc from 'fast-check';
import { NdjsonTicks } from './parse-ndjson-ticks.js';
import { parseTickBatches, parseTickRequest, type ParseOptions } from './parse-ticks.js';
import { batchRowsMax } from './tick-batch.js';

const options: ParseOptions = { table: 'trades', receivedAtUs: 7, rowsMax: 100_000 };
const trade = { timestamp: '2013-10-07T13:30:00.000001Z', symbol: 'SPY', trade_id: 'a', price: 100.5, size: 10 };
const { trade_id: _, ...nameless } = trade;
const utf8 = new TextEncoder();

function parsed(text: string | Uint8Array, { cuts = [], fields = {} }: { cuts?: readonly number[]; fields?: object } = {}) {
  const bytes = typeof text === 'string' ? utf8.encode(text) : text;
  const ticks = new NdjsonTicks(parseTickRequest(fields), options);
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    ticks.write(bytes.subarray(from, Math.max(cut, from)));
    from = Math.max(cut, from);
  }
  return ticks.finish();
}

const lines = (rows: readonly unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n');

describe('NDJSON', () => {
  it('becomes what the same rows become in an array, however it is cut', () => {
    const rows = [trade, { ...trade, trade_id: 'b', price: 'x' }, 'no row', { ...trade, trade_id: 'ü' }, 7];
    const text = lines(rows);
    const { length } = utf8.encode(text);
    const cutting = fc.array(fc.nat(length)).map((cuts) => cuts.sort((a, b) => a - b));
    fc.assert(fc.property(cutting, (cuts) => expect(parsed(text, { cuts })).toEqual(parseTickBatches(rows, options))));
  });

  it('may end its lines as Windows does, have empty ones, and end its last one', () => {
    expect(parsed(`\r\n${lines([trade])}\r\n\n  \n`)).toEqual(parseTickBatches([trade], options));
  });

  it('counts ids through its batches', () => {
    const rows = new Array<object>(batchRowsMax + 2).fill(nameless);
    const fields = { source: 'file', offset: 5 };
    expect(parsed(lines(rows), { fields })).toEqual(parseTickBatches({ ...fields, trades: rows }, options));
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['BODY_INVALID', `${lines([trade])}\n\n{"symbol":`, /^line 3 is not JSON/],
    ['BODY_INVALID', `${lines([trade])}\n{"price":1,"price":2}`, /^line 2 has the field "price" twice/],
    ['BODY_INVALID', Uint8Array.of(10, 0x22, 0xc3, 0x28, 0x22), /^line 2 is not UTF-8/],
    ['BODY_INVALID', `\ufeff${lines([trade])}`, /^line 1 is not JSON/],
    ['BODY_INVALID', '\n\n', /no trades/],
    ['BODY_INVALID', `"${'x'.repeat(1_100_000)}"`, /^line 1 is longer than 1048576 bytes/],
    ['TRADE_ID_REQUIRED', lines([trade, nameless]), /^row 1 has no trade_id/],
    ['BATCH_TOO_LARGE', '7\n'.repeat(100_001), /^100001 rows/],
    ['BATCH_TOO_LARGE', '\n'.repeat(200_001), /^200001 lines in one request; at most 200000/],
  ])('that is wrong as a whole is %s: %p', (code, text, message) => {
    expect(() => parsed(text)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error);
  });
});
