import { clock, IngestWorld, noonUs, quotesOf, tradesBatch } from '../ingest-world.fixture.js';
import { TrimmerWorker } from '../drain/trimmer.worker.js';
import { silentLogger } from '../silent-logger.fixture.js';
import { forgetStored } from './forget-stored.js';
import { LedgerService } from './ledger.service.js';

const dayUs = 86_400_000_000;

describe('a store that lost what it had', () => {
  let world: IngestWorld;
  beforeEach(async () => {
    world = await IngestWorld.create();
    await world.send(tradesBatch([{ id: 'a' }, { id: 'b' }, { id: 'not taken', price: -1 }]));
    await world.send(tradesBatch([{ id: 'c', timeUs: noonUs + dayUs }], { quotes: quotesOf([{ id: 'a', timeUs: noonUs + dayUs }], 1) }));
  });
  afterEach(() => world.remove());

  const ledger = () => new LedgerService(world.log, world.store);
  const lose = () => {
    world.store.trade.clear();
    world.store.quote.clear();
  };

  it('has everything again that the log holds, and the ledger verifies', async () => {
    await world.drain();
    const before = ledger().ledger();
    lose();
    expect((await ledger().verify()).verified).toBe(false);
    expect(await forgetStored(world.log)).toEqual({ batches: 2, rows: 5 });
    expect(ledger().ledger()).toMatchObject({ balanced: true, totals: { trades: { stored: 0, pending: 3 }, quotes: { pending: 1 } } });
    await world.drain();
    expect(ledger().ledger()).toEqual(before);
    expect(await ledger().verify()).toMatchObject({ verified: true, balanced: true, rows: 4 });
  });

  it('may take now what it had refused', async () => {
    world.store.refuses = (name) => (name.startsWith('quotes') ? 'no quotes today' : undefined);
    await world.drain();
    expect(ledger().ledger().totals.quotes).toMatchObject({ stored: 0, quarantined: 1 });
    lose();
    world.store.refuses = () => undefined;
    await forgetStored(world.log);
    await world.drain();
    expect(ledger().ledger()).toMatchObject({ balanced: true, totals: { quotes: { stored: 1, quarantined: 0 } } });
    expect(world.log.quarantine()).toEqual([]);
    expect((await ledger().verify()).verified).toBe(true);
  });

  it('lacks what the log no longer holds, and the ledger goes on saying so', async () => {
    await world.drain();
    const limits = { logKeepRows: 2, logRowsMax: 1_000, followerStallMs: 1_000, followers: [] };
    await new TrimmerWorker({ ...world.parts, clock, logger: silentLogger, ...limits }).trim();
    expect(world.log.position()).toMatchObject({ firstNumber: 2 });
    lose();
    expect(await forgetStored(world.log)).toEqual({ batches: 1, rows: 2 });
    await world.drain();
    const { verified, balanced, differences } = await ledger().verify();
    expect({ verified, balanced }).toEqual({ verified: false, balanced: true });
    expect(differences).toMatchObject([{ table: 'trades', symbol: 'SPY', day: '2013-10-07', stored: 2, in_store: 0 }]);
  });
});
