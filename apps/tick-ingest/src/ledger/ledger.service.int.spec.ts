import { sequenceOf } from '@hindcast/market';
import { Drain } from '../drain/drain.js';
import { IngestWorld, noonUs, quotesOf, tradesBatch } from '../ingest-world.fixture.js';
import { LedgerService } from './ledger.service.js';

let world: IngestWorld;
let ledger: LedgerService;
beforeEach(async () => {
  world = await IngestWorld.create();
  ledger = new LedgerService(world.log, world.store, () => Promise.resolve());
});
afterEach(() => world.remove());

const cell = { table: 'trades', market: 'usa/equity', symbol: 'SPY', day: '2013-10-07' };

it('adds up every table, instrument and UTC day', async () => {
  await world.send(
    tradesBatch([{ id: 'a' }, { id: 'a' }, { id: 'b', price: -1 }, { id: 'c', timeUs: noonUs + 86_400_000_000 }], {
      quotes: quotesOf([{ id: 'q' }], 4),
    }),
  );
  expect(ledger.ledger()).toEqual({
    stream_id: 'stream-1',
    balanced: true,
    head_number: 1,
    stored_through_number: 0,
    rejected_by_code: { PRICE_INVALID: 1 },
    totals: {
      trades: { inherited: 0, received: 4, stored: 0, pending: 2, rejected: 1, duplicate: 1, quarantined: 0, late: 0 },
      quotes: { inherited: 0, received: 1, stored: 0, pending: 1, rejected: 0, duplicate: 0, quarantined: 0, late: 0 },
    },
    cells: [
      { ...cell, table: 'quotes', inherited: 0, admitted: 1, stored: 0, quarantined: 0, late: 0 },
      { ...cell, inherited: 0, admitted: 1, stored: 0, quarantined: 0, late: 0 },
      { ...cell, day: '2013-10-08', inherited: 0, admitted: 1, stored: 0, quarantined: 0, late: 0 },
    ],
  });
});

describe('verify', () => {
  it('takes any number on the way while rows are pending, and the exact one after', async () => {
    await world.send(tradesBatch([{ id: 'a' }, { id: 'b' }]));
    expect(await ledger.verify()).toMatchObject({ verified: true, rows: 0 });
    await world.store.writeTicks([world.log.read(1)!]);
    expect(await ledger.verify()).toMatchObject({ verified: true, rows: 2 });
    await world.drain();
    expect(await ledger.verify()).toEqual({ verified: true, balanced: true, cells: 1, rows: 2, differences: [] });
  });

  it('finds a row that the store has lost', async () => {
    await world.send(tradesBatch([{ id: 'a' }, { id: 'b' }]));
    await world.drain();
    world.store.trade.delete(sequenceOf(1, 1));
    expect(await ledger.verify()).toMatchObject({
      verified: false,
      rows: 1,
      differences: [{ ...cell, admitted: 2, stored: 2, in_store: 1 }],
    });
  });

  it('finds a row too many, also where the ledger knows of none', async () => {
    await world.send(tradesBatch([{ id: 'a' }]));
    await world.drain();
    const [row] = world.store.trade.values();
    world.store.trade.set(5, { ...row, sequence: 5 });
    world.store.trade.set(6, { ...row, sequence: 6, symbol: 'IBM' });
    const { differences, verified } = await ledger.verify();
    expect(verified).toBe(false);
    expect(differences).toMatchObject([
      { ...cell, in_store: 2 },
      { ...cell, symbol: 'IBM', admitted: 0, in_store: 1 },
    ]);
  });
});

describe('retry', () => {
  /** Drains with the store refusing these rows. */
  async function quarantine(...names: readonly string[]): Promise<void> {
    world.store.refuses = (name) => (names.includes(name) ? 'no such column' : undefined);
    const abort = new AbortController();
    const recorded = Promise.withResolvers<void>();
    const drain = new Drain({
      ...world.drainParts(),
      onProgress: (progress) => {
        abort.abort();
        recorded.resolve(world.log.recordStored(progress));
      },
    });
    drain.advance(1);
    await drain.run(1, abort.signal);
    await recorded.promise;
  }

  it('stores what the store takes now, once it shows it, and keeps the rest', async () => {
    await world.send(tradesBatch([{ id: 'a' }, { id: 'b' }, { id: 'c' }]));
    await quarantine('trades:65536', 'trades:65538');
    expect(ledger.ledger()).toMatchObject({ balanced: true, totals: { trades: { stored: 1, quarantined: 2, pending: 0 } } });
    expect(await ledger.verify()).toMatchObject({ verified: true, rows: 1 });
    world.store.refuses = (name) => (name === 'trades:65538' ? 'still not' : undefined);
    world.store.pollsHidden = 3;
    expect(await ledger.retryQuarantine()).toEqual({ retried: 2, stored: 1, still_refused: 1 });
    expect([world.store.pollsHidden, world.store.trade.size]).toEqual([0, 2]);
    expect(ledger.ledger()).toMatchObject({ balanced: true, totals: { trades: { stored: 2, quarantined: 1, pending: 0 } } });
    expect(await ledger.verify()).toMatchObject({ verified: true, rows: 2 });
  });

  it('releases nothing that the store does not show, and nothing twice', async () => {
    await world.send(tradesBatch([{ id: 'a' }]));
    await quarantine('trades:65536');
    world.store.refuses = () => undefined;
    world.store.pollsHidden = Infinity;
    await expect(ledger.retryQuarantine()).rejects.toMatchObject({ code: 'STORE_AWAY' });
    expect(ledger.ledger().totals.trades).toMatchObject({ stored: 0, quarantined: 1 });
    world.store.pollsHidden = 0;
    await Promise.all([ledger.retryQuarantine(), ledger.retryQuarantine()]);
    expect(ledger.ledger()).toMatchObject({ balanced: true, totals: { trades: { stored: 1, quarantined: 0 } } });
    expect(await ledger.retryQuarantine()).toEqual({ retried: 0, stored: 0, still_refused: 0 });
  });
});
