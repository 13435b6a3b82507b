import type { FilesPlan, PlannedFiles } from '@hindcast/feeds';
import { previewOf, previewText } from './preview.js';

const row = { market: 'binance/spot', symbol: 'BTC-USDT', exchange: '', conditions: '', source: 'binance', second: NaN, secondSize: NaN };
const found = {
  rows: 1_000,
  unreadable: 1,
  firstFault: { message: 'price is "x", which is not a number', text: '1,x', line: 7 },
  firstUs: 1_704_067_200_000_000,
  opensUs: 0,
  lastUs: 1_704_067_260_000_000,
  isOrdered: false,
  instruments: new Set(['binance/spot BTC-USDT']),
  lastTradeUs: new Map(),
  sample: [{ ...row, first: 42_000.5, firstSize: 0.25, side: 1, timeUs: 1_704_067_200_000_000, id: '5', line: 1 }],
};
const open = (): never => {
  throw new Error('nothing is opened for a preview');
};
const file = (path: string): PlannedFiles => ({
  format: 'Binance trades',
  kind: 'trades',
  paths: [path],
  columns: [
    ['column 1', 'id'],
    ['price', 'price'],
  ],
  unreadColumns: ['quote_qty'],
  found,
  open,
});
const plan: FilesPlan = { files: [file('a.zip'), file('b.zip')], rows: 2_000, bytes: 12_345, dayEnds: [], leftOut: [], key: '' };

it('a preview says how files are understood', () => {
  expect(previewText(previewOf(plan))).toBe(
    [
      '2 files, 12.3 KB: 2,000 rows',
      '',
      'Binance trades: 2,000 rows in 2 files',
      '  market   binance/spot',
      '  symbols  BTC-USDT',
      '  period   2024-01-01T00:00:00Z to 2024-01-01T00:01:00Z',
      '  columns  column 1 is id, price',
      '  unread   quote_qty',
      '  row      2024-01-01T00:00:00Z  binance/spot BTC-USDT  42000.5 x 0.25 bought  id 5',
      '  order    2 files are not in the order of time; their rows are put in order',
      '  faults   2 rows are no ticks and will be rejected; the first: a.zip, line 7: price is "x", which is not a number',
    ].join('\n'),
  );
});

it('a preview names some of the files that are left out', () => {
  const text = previewText(previewOf({ ...plan, leftOut: ['daily/a.zip', 'daily/b.zip', 'daily/c.zip', 'daily/d.zip'] }));
  expect(text.split('\n').at(-1)).toBe(
    'Left out, because they hold no ticks in a format that is known, or several files in one zip, or are texts beside the table in one: daily/a.zip, daily/b.zip, daily/c.zip and 1 more',
  );
});

it('files of which no row is a tick have no period', () => {
  const none = { ...file('a.csv'), found: { ...found, rows: 1, firstUs: Infinity, lastUs: 0, instruments: new Set<string>(), sample: [] } };
  expect(previewOf({ ...plan, files: [none] }).formats[0]).toMatchObject({ from: null, to: null, markets: [], rows_as_understood: [] });
});
