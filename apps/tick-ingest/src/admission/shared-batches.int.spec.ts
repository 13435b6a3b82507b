import fc from 'fast-check';
import type { LoggedBatch, TickBatch } from '@hindcast/market';
import { quoteRowsOf, tradeRowsOf } from '@hindcast/testing';
import { IngestWorld, noonUs, quotesOf, tradesBatch } from '../ingest-world.fixture.js';
import { LedgerService } from '../ledger/ledger.service.js';
import type { IntakeAnswer } from './intake.js';

/** Requests that wait for one commit share a batch of the log; who sent them must not be able to tell. */
const worlds: IngestWorld[] = [];

async function newWorld(): Promise<IngestWorld> {
  const world = await IngestWorld.create();
  worlds.push(world);
  return world;
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.remove();
});

async function sendAtOnce(world: IngestWorld, requests: readonly (readonly TickBatch[])[]): Promise<readonly IntakeAnswer[]> {
  const answers: Promise<IntakeAnswer>[] = [];
  for (const request of requests) answers.push((await world.intake.admit(request)).flushed);
  return Promise.all(answers);
}

function held({ log }: IngestWorld): readonly LoggedBatch[] {
  const { firstNumber, headNumber } = log.position();
  return Array.from({ length: headNumber + 1 - firstNumber }, (_, at) => log.read(firstNumber + at)!);
}

/** All that the log holds but where it stands in it. */
function contentOf(world: IngestWorld): object {
  const batches = held(world);
  const { instruments, totals, cells, rejectedByCode } = world.log.recall();
  return {
    trades: batches.flatMap(({ trades }) => tradeRowsOf(trades).map(({ sequence: _sequence, ...row }) => row)),
    quotes: batches.flatMap(({ quotes }) => quoteRowsOf(quotes).map(({ sequence: _sequence, ...row }) => row)),
    marks: batches.flatMap(({ marks }) => marks),
    rejected: batches.flatMap(({ rejected, source }) => rejected.map(({ position: _position, ...row }) => ({ ...row, source }))),
    ...{ instruments, totals, cells, rejectedByCode, rows: world.log.position().rows },
  };
}

const spy = { market: 'usa/equity', symbol: 'SPY' };

const arbitraryRequest: fc.Arbitrary<TickBatch> = fc
  .record({
    trades: fc.array(
      fc.record({
        id: fc.integer({ min: 0, max: 9 }).map(String),
        timeUs: fc.integer({ min: 0, max: 4 }).map((second) => noonUs + second * 1_000_000),
        symbol: fc.constantFrom('SPY', 'IBM'),
        price: fc.constantFrom(100, 100, 101, -1),
      }),
      { maxLength: 5 },
    ),
    quotes: fc.array(fc.record({ id: fc.integer({ min: 0, max: 4 }).map(String), bid: fc.constantFrom(99, 99, 98) }), { maxLength: 3 }),
    source: fc.constantFrom('test', 'test', 'test', 'another'),
    slackUs: fc.constantFrom(0, 0, 0, 250_000),
    marks: fc.constantFrom([], [], [], [{ ...spy, timeUs: noonUs + 2_000_000 }]),
  })
  .map(({ trades, quotes, source, ...also }) => {
    const batch = tradesBatch(trades, { ...also, quotes: quotesOf(quotes, trades.length) });
    const ofSource = <Columns extends TickBatch['trades'] | TickBatch['quotes']>(columns: Columns): Columns => ({
      ...columns,
      source: { ...columns.source, values: [source] },
    });
    return { ...batch, source, trades: ofSource(batch.trades), quotes: ofSource(batch.quotes) };
  });

it('gives every request the answer that it gets alone, and the log the same rows, states and sums', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryRequest, { minLength: 1, maxLength: 10 }), async (requests) => {
      const [alone, together] = [await newWorld(), await newWorld()];
      const answersAlone: IntakeAnswer[] = [];
      for (const request of requests) answersAlone.push(await alone.send(request));
      const answersTogether = await sendAtOnce(
        together,
        requests.map((request) => [request]),
      );
      const own = ({ counts, rejected }: IntakeAnswer): object => ({ counts, rejected });
      expect(answersTogether.map(own)).toEqual(answersAlone.map(own));
      expect(contentOf(together)).toEqual(contentOf(alone));
      expect(together.log.position().headNumber).toBeLessThanOrEqual(alone.log.position().headNumber);
      // What was told to be on disk stays known, whichever part of a batch it came in.
      await together.restart();
      for (const request of requests) {
        const { trades } = (await together.send(request)).counts;
        expect(trades.accepted).toBe(0);
      }
      expect(new LedgerService(together.log, together.store).ledger()).toMatchObject({ balanced: true });
      for (const world of worlds.splice(0)) await world.remove();
    }),
    { numRuns: 60 },
  );
}, 120_000);

it('puts requests that come together into one batch, and tells each how far it is on disk', async () => {
  const world = await newWorld();
  const requests = Array.from({ length: 20 }, (_, at) => [tradesBatch([{ id: `a${at}` }, { id: `b${at}`, price: -1 }, { id: 'same' }])]);
  const answers = await sendAtOnce(world, requests);
  expect(answers.map(({ rejected }) => rejected.map(({ position }) => position))).toEqual(requests.map(() => [1]));
  expect(answers.map(({ counts }) => counts.trades.duplicate)).toEqual(requests.map((_, at) => (at === 0 ? 0 : 1)));
  expect(answers.map(({ throughNumber }) => throughNumber)).toEqual(requests.map(() => 1));
  expect(held(world).map(({ trades, rejected }) => [trades.length, rejected.length])).toEqual([[21, 20]]);
  expect(world.log.position()).toMatchObject({ headNumber: 1, serial: 20, rows: 41 });
});

it('adds nothing to a batch behind its marks, of another source or slack, or that weighs enough', async () => {
  const world = await newWorld();
  const marked = tradesBatch([{ id: 'b' }], { marks: [{ ...spy, timeUs: noonUs + 1 }] });
  const slack = { slackUs: 250_000 };
  const many = tradesBatch(Array.from({ length: 600 }, (_, at) => ({ id: `m${at}` })));
  await sendAtOnce(world, [
    [tradesBatch([{ id: 'a' }])],
    [marked],
    [tradesBatch([{ id: 'c' }])],
    [tradesBatch([{ id: 'd', timeUs: noonUs + 1_000_000 }], slack)],
    [tradesBatch([{ id: 'e', timeUs: noonUs + 1_000_000 }], slack)],
    [tradesBatch([{ id: 'f' }], { source: 'another' })],
  ]);
  expect(held(world).map(({ trades }) => trades.length)).toEqual([2, 1, 2, 1]);
  const large = await IngestWorld.create({ logRowsMax: 100_000 });
  worlds.push(large);
  const sized = (of: number) => tradesBatch(Array.from({ length: 600 }, (_, at) => ({ id: `${of}-${at}` })));
  await sendAtOnce(large, [[many], ...Array.from({ length: 29 }, (_, of) => [sized(of)])]);
  expect(held(large).map(({ trades }) => trades.length)).toEqual([27 * 600, 3 * 600]);
});

it('takes back a request and what came after it, and leaves what shares their batch and came before', async () => {
  const world = await newWorld();
  const requests = ['a', 'b', 'c'].map((id) => [tradesBatch([{ id }, { id: 'same' }])]);
  world.failAppend = 1;
  const flushed = [];
  for (const request of requests) flushed.push((await world.intake.admit(request)).flushed);
  const results = await Promise.allSettled(flushed);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(world.intake.rowsPending).toBe(0);
  const again = await sendAtOnce(world, requests.slice(1));
  expect(again.map(({ counts }) => counts.trades)).toMatchObject([
    { accepted: 1, duplicate: 1 },
    { accepted: 1, duplicate: 1 },
  ]);
  const ids = held(world).flatMap(({ trades }) => tradeRowsOf(trades).map(({ id }) => id));
  expect(ids).toEqual(['a', 'same', 'b', 'c']);
});
