import { codedColumn } from './columns.js';
import { newestRows } from './newest-rows.js';

const rows: readonly (readonly [market: string, symbol: string, timeUs: number])[] = [
  ['usa/equity', 'SPY', 5],
  ['usa/equity', 'AAPL', 9],
  ['other/equity', 'SPY', 4],
  ['usa/equity', 'SPY', 7],
  ['usa/equity', 'SPY', 7],
  ['other/equity', 'SPY', 3],
];
const columns = {
  length: rows.length,
  market: codedColumn(rows.map(([market]) => market)),
  symbol: codedColumn(rows.map(([, symbol]) => symbol)),
  timeUs: Float64Array.from(rows, ([, , timeUs]) => timeUs),
};

describe('newestRows', () => {
  it('finds the newest row of each instrument, the first of equal ones', () => {
    expect(newestRows(columns).toSorted()).toEqual([1, 2, 3]);
  });

  it('leaves out the rows that are to be skipped', () => {
    expect(newestRows(columns, Uint8Array.of(0, 1, 1, 1, 1, 0)).toSorted()).toEqual([0, 5]);
    expect(newestRows(columns, new Uint8Array(rows.length).fill(1))).toEqual([]);
  });
});
