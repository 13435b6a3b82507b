import fc from 'fast-check';
import { HindcastError } from '@hindcast/contracts';
import type { TradeFields } from '@hindcast/market';
import { IngestWorld, noonUs, tradesBatch } from '../ingest-world.fixture.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { inheritFrom, inheritPatiently } from './inheritance.js';

const worlds: IngestWorld[] = [];
async function newWorld(): Promise<IngestWorld> {
  const world = await IngestWorld.create();
  worlds.push(world);
  return world;
}
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.remove();
});

it('begins at 1 beside an empty store', async () => {
  const world = await newWorld();
  expect(await inheritFrom(world.store)).toEqual({ firstNumber: 1, instruments: [], floors: [], cells: [] });
});

it('numbers above the store, knows its rows, goes on with its clock and opens its ledger with what is there', async () => {
  const world = await newWorld();
  await world.send(
    tradesBatch([{ id: 'a' }]),
    tradesBatch([{ id: 'b', timeUs: noonUs + 5_000_000 }]),
    tradesBatch([{ id: 'late', timeUs: noonUs + 1 }]),
  );
  await world.drain();
  await world.newLog();
  expect(world.log.position()).toEqual({ firstNumber: 4, headNumber: 3, rows: 0, serial: 0 });
  const again = await world.send(
    tradesBatch([
      { id: 'a' },
      { id: 'b', timeUs: noonUs + 5_000_000, price: 7 },
      { id: 'c', timeUs: noonUs + 4_000_000 },
      { id: 'd', timeUs: noonUs + 5_999_999 },
    ]),
  );
  expect(again.counts.trades).toEqual({ received: 4, accepted: 2, duplicate: 1, rejected: 1, late: 1 });
  expect(new Set([...world.flushed.at(-1)!.trades.sequence].map((sequence) => Math.floor(sequence / 65_536)))).toEqual(new Set([4]));
  const ledger = new LedgerService(world.log, world.store);
  expect(ledger.ledger()).toMatchObject({
    balanced: true,
    totals: { trades: { inherited: 3, received: 4, stored: 3, pending: 2, duplicate: 1, rejected: 1 } },
  });
  await world.drain();
  expect(await ledger.verify()).toMatchObject({ verified: true, rows: 5 });
});

it('decides sides and lateness as the log that it replaces would have', async () => {
  const arbitraryTrade: fc.Arbitrary<Partial<TradeFields>> = fc.record({
    symbol: fc.constantFrom('SPY', 'IBM'),
    timeUs: fc
      .oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 6 }) }, { weight: 1, arbitrary: fc.constant(7_000) })
      .map((second) => noonUs + second * 1_000_000),
    price: fc.constantFrom(99, 100, 100, 101),
    side: fc.constantFrom(0, 0, 0, 1),
  });
  const trades = fc.array(arbitraryTrade, { minLength: 1, maxLength: 12 });
  const decided = (world: IngestWorld) => {
    const { side, late, sideInferred } = world.flushed.at(-1)!.trades;
    return { side: [...side], late: [...late], sideInferred: [...sideInferred] };
  };
  await fc.assert(
    fc.asyncProperty(trades, trades, async (before, after) => {
      const [undisturbed, replaced] = [await newWorld(), await newWorld()];
      for (const world of [undisturbed, replaced]) await world.send(tradesBatch(before.map((row, at) => ({ ...row, id: `before${at}` }))));
      await replaced.drain();
      await replaced.newLog();
      for (const world of [undisturbed, replaced]) await world.send(tradesBatch(after.map((row, at) => ({ ...row, id: `after${at}` }))));
      expect(decided(replaced)).toEqual(decided(undisturbed));
      for (const world of worlds.splice(0)) await world.remove();
    }),
    { numRuns: 30 },
  );
}, 60_000);

it('finds a direction that lies far back', async () => {
  const world = await newWorld();
  const flat = Array.from({ length: 900 }, (_, at) => ({ id: `f${at}`, price: 101 }));
  await world.send(tradesBatch([{ id: 'first', price: 100 }, ...flat]));
  await world.drain();
  await world.newLog();
  await world.send(tradesBatch([{ id: 'next', price: 101 }]));
  expect([...world.flushed.at(-1)!.trades.side]).toEqual([1]);
});

it('takes the bars of every stored state as closed, although no trade closed them', async () => {
  const world = await newWorld();
  await world.send(tradesBatch([{ id: 'a' }]));
  await world.drain();
  world.store.states = [{ market: 'usa/equity', symbol: 'SPY', timeUs: noonUs + 60_000_000, trades: 1, mode: 'live' }];
  await world.newLog();
  const { counts } = await world.send(
    tradesBatch([
      { id: 'b', timeUs: noonUs + 59_999_999 },
      { id: 'c', timeUs: noonUs + 60_000_000 },
    ]),
  );
  expect(counts.trades).toMatchObject({ accepted: 2, late: 1 });
});

it('takes what was lost with the log again as it was, although states were made of it already', async () => {
  const lost: Partial<TradeFields>[] = [1, 2, 3].map((second) => ({
    id: `b${second}`,
    timeUs: noonUs + second * 1_000_000,
    price: 100 + second,
  }));
  const sent = [tradesBatch([{ id: 'a' }]), tradesBatch(lost)];
  const [undisturbed, replaced] = [await newWorld(), await newWorld()];
  await undisturbed.send(...sent);
  await replaced.send(sent[0]);
  await replaced.drain();
  // The store was behind: of this state's four trades it has one.
  replaced.store.states = [{ market: 'usa/equity', symbol: 'SPY', timeUs: noonUs + 4_000_000, trades: 4, mode: 'live' }];
  await replaced.newLog();
  const { counts } = await replaced.send(...sent);
  expect(counts.trades).toMatchObject({ accepted: 3, late: 0 });
  const [before, after] = [undisturbed, replaced].map((world) => world.flushed.at(-1)!.trades);
  expect([[...after.timeUs], [...after.side], [...after.late]]).toEqual([[...before.timeUs], [...before.side], [...before.late]]);
});

it('waits for a store that is away or behind, and for nothing else', async () => {
  const world = await newWorld();
  await world.send(tradesBatch([{}]));
  await world.drain();
  world.store.callsAway = 3;
  const waits: string[] = [];
  const wait = () => Promise.resolve();
  const inheritance = await inheritPatiently(world.store, { onWait: ({ code }) => waits.push(code), wait });
  expect([waits, inheritance.firstNumber]).toEqual([['STORE_AWAY', 'STORE_AWAY', 'STORE_AWAY'], 2]);
  world.store.highestSequence = () => Promise.reject(new HindcastError('STORE_REFUSED', 'no'));
  await expect(inheritPatiently(world.store, { onWait: () => undefined, wait })).rejects.toMatchObject({ code: 'STORE_REFUSED' });
});
