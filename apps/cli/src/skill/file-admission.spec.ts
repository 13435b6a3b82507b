import { usFromIso } from '@hindcast/contracts';
import { emptyQuotes, tradeColumns, type TickBatch } from '@hindcast/market';
import { FileAdmission, leftOutText } from './file-admission.js';

const startUs = usFromIso('2013-10-07T13:30:00Z')!;
const origin = { source: 'files', receivedAtUs: usFromIso('2013-10-08')! };
const instrument = { symbol: 'AAA', market: 'usa/equity', exchange: '', conditions: '' };

/** Trades with the ids and at the microseconds `from` and on. */
function batchOf(from: number, rows: number): TickBatch {
  const trades = Array.from({ length: rows }, (_, position) => {
    const at = from + position;
    return { ...instrument, timeUs: startUs + at, id: String(at), price: 100, size: 1, side: 0, position };
  });
  return { ...origin, slackUs: 0, trades: tradeColumns(trades, origin), quotes: emptyQuotes, marks: [], rejected: [] };
}

it.each([
  ['many rows', { rows: 20_000, batches: 20 }],
  ['many batches of one row', { rows: 1, batches: 5_000 }],
])('knows rows that come again soon, and goes on without end: %s', (_, { rows, batches }) => {
  const admission = new FileAdmission();
  const lengths = Array.from({ length: batches }, (__, number) => {
    const first = admission.admit(batchOf(number * rows, rows)).trades.length;
    return first - admission.admit(batchOf(number * rows, rows)).trades.length;
  });
  expect(new Set(lengths)).toEqual(new Set([rows]));
  expect(admission.leftOut).toEqual({ duplicate: rows * batches, rejected: new Map(), late: 0 });
});

it('counts trades that come when their second is over, and says what is left out and why', () => {
  const admission = new FileAdmission();
  expect(leftOutText(admission.leftOut)).toBeUndefined();
  admission.admit(batchOf(5_000_000, 1));
  expect([...admission.admit(batchOf(0, 2)).trades.late]).toEqual([1, 1]);
  expect(leftOutText(admission.leftOut)).toBe('Rows left out, as an import would: 2 late');
});
