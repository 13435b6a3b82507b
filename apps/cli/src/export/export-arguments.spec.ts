import { resolve } from 'node:path';
import { parseExport } from './export-arguments.js';

const options = { symbol: 'SPY', format: 'parquet' };

describe('the arguments of an export', () => {
  it('name the file after what it holds', () => {
    const span = { from: '2013-10-07', to: '2013-10-09' };
    expect(parseExport('trades', { ...options, ...span, market: 'usa/equity' })).toEqual({
      table: 'trades',
      format: 'parquet',
      query: { symbol: 'SPY', market: 'usa/equity', from: '2013-10-07T00:00:00Z', to: '2013-10-10T00:00:00Z' },
      out: resolve('trades-SPY-usa-equity-2013-10-07-2013-10-09.parquet'),
    });
    expect(parseExport('trades', { ...options, columns: 'timestamp, price' }).query).toMatchObject({ columns: 'timestamp,price' });
    expect(parseExport('bars', { ...options, format: 'csv' }).out).toBe(resolve('bars-SPY-1m.csv'));
    expect(parseExport('bars', { ...options, interval: '1d', out: '-' })).toMatchObject({ out: null, query: { interval: '1d' } });
  });

  it.each([
    ['ticks', {}, 'the table ticks: allowed is trades, quotes, bars, states'],
    ['trades', { format: 'xlsx' }, '--format xlsx: allowed is parquet, csv, arrow'],
    ['trades', { interval: '1m' }, '--interval 1m: allowed is for bars only'],
    ['bars', { interval: '5m' }, '--interval 5m'],
    ['trades', { symbol: 'spy' }, '--symbol spy'],
    ['trades', { market: 'usa' }, '--market usa'],
    ['trades', { from: 'monday' }, '--from monday'],
  ])('are refused by name: %s %j', (table, wrong, words) => {
    expect(() => parseExport(table, { ...options, ...wrong })).toThrow(
      expect.objectContaining({ code: 'FIELD_INVALID', message: expect.stringContaining(words) }),
    );
  });
});
