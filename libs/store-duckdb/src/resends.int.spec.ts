import fc from 'fast-check';
import type { LoggedBatch } from '@hindcast/market';
import { loggedBatch, tradeRowsOf, type TradeRow } from '@hindcast/testing';
import { everything, startUs, StoreWorld, trades } from './store.fixture.js';

const boundMs = 300_000;
const instruments = ['SPY', 'IBM', 'BAC'].map((symbol) => ({ market: 'usa/equity', symbol }));

let world: StoreWorld;
beforeAll(async () => {
  world = await StoreWorld.create({ attachedMax: 2 });
});
afterAll(() => world.remove());

/** Each run takes a time and numbers of its own, and looks at what lies in that time. */
let run = 0;

const row = fc.record({ instrument: fc.nat(2), atUs: fc.nat(50), late: fc.boolean(), price: fc.integer({ min: 1, max: 9 }) });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), from: fc.nat(9), count: fc.integer({ min: 1, max: 10 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
);

function inOrder(rows: readonly TradeRow[]): readonly TradeRow[] {
  return rows.toSorted((a, b) => a.timeUs - b.timeUs || a.sequence - b.sequence);
}

it(
  'holds each row once, in order, however the log is cut, sent again and interrupted',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(row, { maxLength: 30 }), { minLength: 10, maxLength: 10 }),
        fc.array(step, { maxLength: 12 }),
        async (log, steps) => {
          const fromUs = startUs + ++run * 1_000;
          const batches = log.map((rows, at) =>
            loggedBatch({
              number: run * 100 + at,
              trades: rows.map(
                ({ instrument, atUs, ...rest }, id) =>
                  trades(instruments[instrument], [{ ...rest, id: `${at}-${id}`, timeUs: fromUs + atUs }])[0],
              ),
            }),
          );
          const sent = new Set<LoggedBatch>();
          for (const doing of steps) {
            if (doing.kind === 'reopen') {
              await world.reopen();
              continue;
            }
            const piece = batches.slice(doing.from, doing.from + doing.count);
            await world.store.writeTicks(piece, { streamId: 'log' });
            for (const batch of piece) sent.add(batch);
            expect(await world.store.areVisible(piece, { streamId: 'log' })).toBe(true);
          }
          for (const instrument of instruments) {
            const expected = inOrder(
              [...sent].flatMap(({ trades: columns }) => tradeRowsOf(columns)).filter(({ symbol }) => symbol === instrument.symbol),
            );
            const range = { ...instrument, fromUs, toUs: fromUs + 1_000 };
            const read: TradeRow[] = [];
            for await (const piece of world.store.trades(range)) read.push(...tradeRowsOf(piece));
            expect(read).toEqual(expected);
            const middle = expected.at(expected.length / 2);
            if (!middle) continue;
            const rest: TradeRow[] = [];
            for await (const piece of world.store.trades({ ...range, after: middle, limit: 5 })) rest.push(...tradeRowsOf(piece));
            expect(rest).toEqual(expected.slice(expected.indexOf(middle) + 1).slice(0, 5));
          }
        },
      ),
      { numRuns: 15 },
    );
  },
  boundMs,
);

it(
  'reads a range that has more rows of one microsecond than a piece holds',
  async () => {
    const instrument = { market: 'usa/equity', symbol: 'TIE' };
    const rows = trades(
      instrument,
      Array.from({ length: 65_000 }, (_, id) => ({ id: String(id), timeUs: startUs })),
    );
    const batches = [1, 2, 3].map((number) => loggedBatch({ number: 1_000_000 + number, trades: rows }));
    // The first comes last: what arrived later is earlier in the file.
    await world.store.writeTicks([batches[1], batches[2]]);
    await world.store.writeTicks([batches[0]]);
    const read: number[] = [];
    for await (const piece of world.store.trades(everything(instrument))) {
      expect(piece.length).toBeLessThanOrEqual(65_536);
      read.push(...piece.sequence);
    }
    expect(read).toEqual(batches.flatMap(({ trades: { sequence } }) => [...sequence]));
  },
  boundMs,
);
