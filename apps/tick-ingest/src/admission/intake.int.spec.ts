import { jest } from '@jest/globals';
import fc from 'fast-check';
import type { TickKind } from '@hindcast/contracts';
import { batchRowsMax, type TickBatch } from '@hindcast/market';
import { silentLogger } from '../silent-logger.fixture.js';
import { TrimmerWorker } from '../drain/trimmer.worker.js';
import { clock, IngestWorld, noonUs, nowUs, quotesOf, tradesBatch } from '../ingest-world.fixture.js';
import { LedgerService } from '../ledger/ledger.service.js';

let world: IngestWorld;
beforeEach(async () => {
  world = await IngestWorld.create();
});
afterEach(() => world.remove());

const hourUs = 3_600_000_000;

/** A tick out of few, so that most come more than once: some as they were, some with another price, some not to be taken at all. */
interface Tick {
  readonly table: TickKind;
  readonly symbol: 'SPY' | 'IBM';
  readonly hour: number;
  readonly id: number;
  readonly price: number;
}

const arbitraryTick: fc.Arbitrary<Tick> = fc.record({
  table: fc.constantFrom('trades', 'quotes'),
  symbol: fc.constantFrom('SPY', 'IBM'),
  hour: fc.integer({ min: 0, max: 2 }),
  id: fc.integer({ min: 0, max: 3 }),
  price: fc.constantFrom(100, 100, 100, 101, -1),
});

const arbitraryBatch = fc.array(arbitraryTick, { minLength: 1, maxLength: 8 });

type Step =
  | { readonly kind: 'send'; readonly batches: readonly (readonly Tick[])[]; readonly failAt: number }
  | { readonly kind: 'drain' | 'trim' | 'restart' | 'refuse' | 'retry' | 'new log' };

const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      batches: fc.array(arbitraryBatch, { minLength: 1, maxLength: 3 }),
      failAt: fc.constantFrom(-1, -1, -1, 0, 1),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('drain' as const, 'drain' as const, 'trim' as const, 'trim' as const, 'restart' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('refuse' as const, 'retry' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('new log' as const) }) },
);

function identityOf({ table, symbol, hour, id }: Tick): string {
  return `${table} ${symbol} ${hour} ${id}`;
}

function batchOf(ticks: readonly Tick[]): TickBatch {
  const fields = ({ symbol, hour, id }: Tick) => ({ symbol, timeUs: noonUs + hour * hourUs + id, id: String(id) });
  const placed = ticks.map((tick, position) => ({ tick, position }));
  const trades = placed
    .filter(({ tick }) => tick.table === 'trades')
    .map(({ tick, position }) => ({ ...fields(tick), price: tick.price, position }));
  const quotes = placed
    .filter(({ tick }) => tick.table === 'quotes')
    .map(({ tick, position }) => ({ ...fields(tick), bid: tick.price, position }));
  return tradesBatch(trades, { quotes: quotesOf(quotes) });
}

/** What must become of ticks, told in the simplest way: the first version of an identity is kept, for ever. */
class Model {
  readonly kept = new Map<string, Tick>();
  readonly sums = { received: 0, duplicate: 0, rejected: 0 };

  send(ticks: readonly Tick[]): { accepted: number; duplicate: number; rejected: number } {
    const counts = { accepted: 0, duplicate: 0, rejected: 0 };
    for (const tick of ticks) {
      const before = this.kept.get(identityOf(tick));
      if (tick.price <= 0 || (before && before.price !== tick.price)) counts.rejected++;
      else if (before) counts.duplicate++;
      else {
        counts.accepted++;
        this.kept.set(identityOf(tick), tick);
      }
    }
    this.sums.received += ticks.length;
    this.sums.duplicate += counts.duplicate;
    this.sums.rejected += counts.rejected;
    return counts;
  }
}

async function send({ batches, failAt }: Extract<Step, { kind: 'send' }>, model: Model): Promise<void> {
  world.failAppend = failAt;
  // Admitted one after another, none waiting for the disk.
  const answers = [];
  for (const ticks of batches) answers.push((await world.intake.admit([batchOf(ticks)])).flushed);
  const results = await Promise.allSettled(answers);
  world.failAppend = -1;
  const failedFrom = failAt < 0 ? batches.length : failAt;
  for (const [at, ticks] of batches.entries()) {
    const result = results[at];
    if (at >= failedFrom) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'LOG_UNAVAILABLE' } });
      continue;
    }
    const { counts } = (result as PromiseFulfilledResult<Awaited<(typeof answers)[number]>>).value;
    const sum = (field: 'accepted' | 'duplicate' | 'rejected'): number => counts.trades[field] + counts.quotes[field];
    expect({ accepted: sum('accepted'), duplicate: sum('duplicate'), rejected: sum('rejected') }).toEqual(model.send(ticks));
  }
  if (failedFrom < batches.length) await send({ kind: 'send', batches: batches.slice(failedFrom), failAt: -1 }, model);
}

function checkLedger(model: Model): void {
  const { totals, balanced } = new LedgerService(world.log, world.store).ledger();
  const sum = (field: keyof typeof totals.trades): number => totals.trades[field] + totals.quotes[field];
  expect(balanced).toBe(true);
  expect(sum('inherited') + sum('received')).toBe(sum('stored') + sum('pending') + sum('rejected') + sum('duplicate') + sum('quarantined'));
  expect(sum('stored') + sum('pending') + sum('quarantined')).toBe(model.kept.size);
  if (world.dirs.length === 1)
    expect({ received: sum('received'), duplicate: sum('duplicate'), rejected: sum('rejected') }).toEqual(model.sums);
}

async function take(step: Step, model: Model, trimmer: () => TrimmerWorker): Promise<void> {
  if (step.kind === 'send') await send(step, model);
  else if (step.kind === 'drain') await world.drain();
  else if (step.kind === 'trim') await trimmer().trim();
  else if (step.kind === 'restart') await world.restart();
  else if (step.kind === 'refuse') refuseFirstRows();
  else if (step.kind === 'retry') await retry();
  else {
    await world.drain();
    // What is still in quarantine is the old log's, and goes with it.
    await retry();
    await world.newLog();
  }
}

/** From now on the store takes no row that is the first of its batch. */
function refuseFirstRows(): void {
  world.store.refuses = (name) => (Number(name.split(':')[1]) % batchRowsMax === 0 ? 'no such column' : undefined);
}

/** The store takes everything again, what it has refused too. */
async function retry(): Promise<void> {
  world.store.refuses = () => undefined;
  await new LedgerService(world.log, world.store).retryQuarantine();
}

it('keeps each identity once and its ledger balanced, whatever is sent, sent again, lost, drained, trimmed or begun anew', async () => {
  const trimmer = () =>
    new TrimmerWorker({
      ...world.parts,
      clock,
      logger: silentLogger,
      logKeepRows: 2,
      logRowsMax: 1_000,
      followerStallMs: 1_000,
      followers: [],
    });
  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryStep, { maxLength: 14 }), async (steps) => {
      await world.remove();
      world = await IngestWorld.create();
      const model = new Model();
      for (const step of steps) {
        await take(step, model, trimmer);
        checkLedger(model);
      }
      await world.drain();
      await retry();
      const stored = [
        ...[...world.store.trade.values()].map(
          ({ symbol, timeUs, id }) => `trades ${symbol} ${Math.floor((timeUs - noonUs) / hourUs)} ${id}`,
        ),
        ...[...world.store.quote.values()].map(
          ({ symbol, timeUs, id }) => `quotes ${symbol} ${Math.floor((timeUs - noonUs) / hourUs)} ${id}`,
        ),
      ];
      expect(stored.toSorted()).toEqual([...model.kept.keys()].toSorted());
      expect(await new LedgerService(world.log, world.store).verify()).toMatchObject({
        verified: true,
        balanced: true,
        rows: model.kept.size,
      });
    }),
    { numRuns: 40 },
  );
}, 120_000);

describe('one request', () => {
  it('of several batches is one: it counts its rejected rows through, and its answer rests on all of it', async () => {
    const answer = await world.send(
      tradesBatch([{ id: 'a' }, { id: 'b', price: -1 }]),
      tradesBatch([{ id: 'c', price: -1 }, { id: 'a' }, { id: 'd' }]),
    );
    expect(answer.counts.trades).toEqual({ received: 5, accepted: 2, duplicate: 1, rejected: 2, late: 0 });
    expect(answer.rejected.map(({ position }) => position)).toEqual([1, 65_536]);
    expect(answer.throughNumber).toBe(2);
    expect(world.log.position()).toMatchObject({ headNumber: 2, serial: 1 });
  });

  it('of duplicates alone makes no batch, and rests on those that it repeats', async () => {
    const first = await world.send(tradesBatch([{}]));
    const second = await world.send(tradesBatch([{}]));
    expect(second).toMatchObject({ throughNumber: first.throughNumber, counts: { trades: { duplicate: 1, accepted: 0 } } });
    expect(world.log.position().headNumber).toBe(1);
    expect(world.flushed.map(({ number }) => number)).toEqual([1]);
  });

  it('that something unforeseen ends halfway leaves nothing behind', async () => {
    const request = [tradesBatch([{ id: 'a' }]), tradesBatch([{ id: 'b' }])];
    const unforeseen = jest.spyOn(clock, 'nowUs').mockImplementationOnce(() => nowUs);
    unforeseen.mockImplementationOnce(() => {
      throw new Error('unforeseen');
    });
    await expect(world.send(...request)).rejects.toThrow('unforeseen');
    unforeseen.mockRestore();
    const answer = await world.send(...request);
    expect(answer).toMatchObject({ throughNumber: 2, counts: { trades: { accepted: 2, duplicate: 0 } } });
    await world.restart();
    expect((await world.send(...request)).counts.trades).toMatchObject({ accepted: 0, duplicate: 2 });
  });

  it('finds its duplicates among batches that are not flushed yet', async () => {
    const answers = [];
    for (let at = 0; at < 100; at++) answers.push((await world.intake.admit([tradesBatch([{ id: `n${at}` }, { id: 'same' }])])).flushed);
    const counts = (await Promise.all(answers)).map(({ counts: { trades } }) => trades.duplicate);
    expect(counts).toEqual([0, ...new Array<number>(99).fill(1)]);
  });
});

describe('a log at its bound', () => {
  it('refuses with LOG_FULL, rejected rows counting like others, and goes on once there is room', async () => {
    await world.remove();
    world = await IngestWorld.create({ logRowsMax: 10 });
    await world.send(tradesBatch([{ id: 'a' }, { id: 'b' }, { id: 'c', price: -1 }]));
    const six = Array.from({ length: 8 }, (_, at) => ({ id: `d${at}` }));
    await expect(world.send(tradesBatch(six))).rejects.toMatchObject({ code: 'LOG_FULL', retry: true });
    await world.drain();
    const trimmer = new TrimmerWorker({
      ...world.parts,
      clock,
      logger: silentLogger,
      logKeepRows: 0,
      logRowsMax: 10,
      followerStallMs: 1_000,
      followers: [],
    });
    expect(await trimmer.trim()).toBe(3);
    expect((await world.send(tradesBatch(six))).counts.trades.accepted).toBe(8);
  });

  it('opens although the bound was lowered meanwhile', async () => {
    await world.send(tradesBatch(Array.from({ length: 40 }, (_, at) => ({ id: String(at) }))));
    Object.assign(world, { options: { logRowsMax: 8 } });
    await world.restart();
    await expect(world.send(tradesBatch([{ id: 'new' }]))).rejects.toMatchObject({ code: 'LOG_FULL' });
  });
});

describe('batches of one sender, in order', () => {
  it('do not overtake one that was taken back', async () => {
    const { era } = world.intake;
    world.failAppend = 0;
    const { flushed } = await world.intake.admit([tradesBatch([{ id: 'a' }])], { era });
    await expect(flushed).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    await expect(world.intake.admit([tradesBatch([{ id: 'b' }])], { era })).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retry: true });
    const again = await world.intake.admit([tradesBatch([{ id: 'a' }])], { era: world.intake.era });
    expect((await again.flushed).counts.trades.accepted).toBe(1);
  });
});

describe('a row that the store refuses', () => {
  const wrong = { id: 'a', timeUs: noonUs };
  const trimAll = () =>
    new TrimmerWorker({
      ...world.parts,
      clock,
      logger: silentLogger,
      logKeepRows: 0,
      logRowsMax: 1_000,
      followerStallMs: 1_000,
      followers: [],
    }).trim();

  it('stays known when its batch is trimmed, also after a restart, until the store takes it and knows it itself', async () => {
    await world.send(tradesBatch([wrong, { id: 'b' }], { quotes: quotesOf([{ id: 'a' }], 2) }));
    refuseFirstRows();
    await world.drain();
    expect(await trimAll()).toBe(3);
    const again = async () => (await world.send(tradesBatch([wrong, { ...wrong, price: 5 }]))).counts.trades;
    expect(await again()).toMatchObject({ duplicate: 1, rejected: 1, accepted: 0 });
    await world.restart();
    expect(await again()).toMatchObject({ duplicate: 1, rejected: 1, accepted: 0 });
    await retry();
    await world.drain();
    await trimAll();
    expect(await again()).toMatchObject({ duplicate: 1, rejected: 1, accepted: 0 });
    expect(world.store.trade.size).toBe(2);
    expect(new LedgerService(world.log, world.store).ledger()).toMatchObject({ balanced: true, totals: { trades: { quarantined: 0 } } });
  });

  it('and that is kept beside the log takes up its room', async () => {
    await world.remove();
    world = await IngestWorld.create({ logRowsMax: 8 });
    await world.send(tradesBatch([wrong]));
    refuseFirstRows();
    await world.drain();
    await trimAll();
    const rows = (count: number) => tradesBatch(Array.from({ length: count }, (_, at) => ({ id: `n${at}` })));
    await expect(world.send(rows(8))).rejects.toMatchObject({ code: 'LOG_FULL' });
    expect((await world.send(rows(7))).counts.trades.accepted).toBe(7);
  });
});

it('holds up only the batch that asks a store that is away', async () => {
  await world.send(tradesBatch([{ id: 'old' }]));
  await world.drain();
  await new TrimmerWorker({
    ...world.parts,
    clock,
    logger: silentLogger,
    logKeepRows: 0,
    logRowsMax: 1_000,
    followerStallMs: 1_000,
    followers: [],
  }).trim();
  world.store.callsAway = 1;
  await expect(world.send(tradesBatch([{ id: 'old' }]))).rejects.toMatchObject({ code: 'STORE_AWAY', retry: true });
  world.store.callsAway = 100;
  expect((await world.send(tradesBatch([{ id: 'new', timeUs: noonUs + 1 }]))).counts.trades.accepted).toBe(1);
  world.store.callsAway = 0;
  expect((await world.send(tradesBatch([{ id: 'old' }]))).counts.trades.duplicate).toBe(1);
});
