import type { TickKind } from '@hindcast/contracts';
import { parseTickBatches } from '@hindcast/market';
import { schemaTest } from '@hindcast/testing';
import { tickBodies } from './tick-schemas.js';

/** With every field that there is. */
const common = { timestamp: '2013-10-07T13:30:00Z', symbol: 'SPY', market: 'usa/equity', exchange: 'N', conditions: '@' };
const rows: Readonly<Record<TickKind, Readonly<Record<string, unknown>>>> = {
  trades: { ...common, trade_id: 't1', price: 1.5, size: 2, side: 'B' },
  quotes: { ...common, quote_id: 'q1', bid: 1, bid_size: 0, ask: 2, ask_size: 3 },
};

describe.each(['trades', 'quotes'] as const)('the body of %s', (table) => {
  const isDocumented = schemaTest(tickBodies(table)['application/json']);
  const isTaken = (body: unknown): boolean => {
    try {
      return parseTickBatches(body, { table, receivedAtUs: 0, rowsMax: 10 }).every(({ rejected }) => rejected.length === 0);
    } catch {
      return false;
    }
  };
  const row = rows[table];
  const bodies: readonly (readonly [name: string, body: unknown, allowed: boolean])[] = [
    ['a row', row, true],
    ['rows', [row, row], true],
    ['an envelope', { source: 'feed', market: 'usa/equity', offset: 3, [table]: [row] }, true],
    ['whole microseconds', { ...row, timestamp: 1_381_152_600_000_000 }, true],
    ['no rows', [], false],
    ['text', 'SPY', false],
    ['a field that there is not', { ...row, venue: 'N' }, false],
    ['an envelope with more', { [table]: [row], rows: 1 }, false],
    ['a negative offset', { source: 'feed', offset: -1, [table]: [row] }, false],
    ['a source with a space', { source: 'my feed', offset: 1, [table]: [row] }, false],
    ['a size as text', { ...row, size: '2', bid_size: '2' }, false],
    ...Object.keys(row).map((field) => [`an object as ${field}`, { ...row, [field]: {} }, false] as const),
  ];

  it.each(bodies)('with %s is documented as it is read', (_name, body, allowed) => {
    expect([isDocumented(body), isTaken(body)]).toEqual([allowed, allowed]);
  });
});
