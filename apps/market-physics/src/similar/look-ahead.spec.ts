import type { SimilarAnswer } from '@hindcast/contracts';
import { MomentColumns } from '@hindcast/memory';
import { HeldMoments, seededRandom } from '@hindcast/testing';
import fc from 'fast-check';
import {
  answering,
  ask,
  days,
  fittedMemory,
  horizons,
  later,
  market,
  recordedMoments,
  remember,
  timeOf,
  WalkBars,
} from './similar.fixture.js';

const everything = recordedMoments([...days, ...later]);

/** Moments up to a time, with what was known of them by then. */
function knownAt(asOfUs: number): MomentColumns {
  const known = new MomentColumns(horizons);
  for (let row = 0; row < everything.length; row += 1) {
    if (everything.timeUs[row] <= asOfUs) known.addFrom(everything, row, (knownAtUs) => knownAtUs <= asOfUs);
  }
  return known;
}

/** The past as it was seen later, and some of what came afterwards, in any order. */
function knownLater(asOfUs: number, seed: number): MomentColumns {
  const random = seededRandom(seed);
  const known = new MomentColumns(horizons);
  const rows = Array.from({ length: everything.length }, (_, row) => row).filter(
    (row) => everything.timeUs[row] <= asOfUs || random() < 0.4,
  );
  for (const row of rows.sort(() => random() - 0.5)) known.addFrom(everything, row);
  return known;
}

/** How long it took, and how much the table holds of what nobody could know. */
function withoutTotals({ receipt, ...answer }: SimilarAnswer) {
  const { elapsed_ms: _elapsed, phases_ms: _phases, rows: _rows, rows_not_indexed: _notIndexed, ...told } = receipt;
  return { ...answer, receipt: told };
}

const questions = fc.record({
  symbol: fc.constantFrom('AAA', 'BBB'),
  minutes: fc.integer({ min: 20, max: 95 }),
  options: fc.constantFrom<object>(
    {},
    { k: 20, minGap: 0, explain: true },
    { distinctDays: true, excludeWindow: 0 },
    { horizons: ['15m', 'next_day'], filter: { symbols: ['AAA'] } },
    { filter: { components: { volatility_5m: { min: -0.2 } } } },
  ),
  seed: fc.nat(),
});

describe('what came later', () => {
  it('changes no bit of an answer: moments, outcomes, bars, and a memory fitted on them', async () => {
    await fc.assert(
      fc.asyncProperty(questions, async ({ symbol, minutes, options, seed }) => {
        const timeUs = timeOf('2013-10-09T13:30:00Z') + minutes * 60_000_000;
        const body = { symbol, market, time: new Date(timeUs / 1_000).toISOString(), ...options };
        const then = await remember(new HeldMoments(), fittedMemory(), knownAt(timeUs));
        const now = await remember(new HeldMoments(), fittedMemory(), knownLater(timeUs, seed));
        await remember(now, { ...fittedMemory('newer'), knownAtUs: timeUs + 1 }, everything);
        const before = new WalkBars([...days]).until(timeUs);
        expect(withoutTotals(await ask(answering(now), body))).toEqual(withoutTotals(await ask(answering(then, { store: before }), body)));
      }),
      { numRuns: 4 },
    );
  });

  it.each([
    ['prices', 'bars_1m'],
    ['states', 'moments_test'],
  ])('changes no bit of what is found of a path of %s', async (of, table) => {
    const path = { symbol: 'AAA', market, from: '2013-10-09T14:00:00Z', to: '2013-10-09T14:20:00Z', of };
    const timeUs = timeOf(path.to);
    const then = await remember(new HeldMoments(), fittedMemory(), knownAt(timeUs));
    const now = await remember(new HeldMoments(), fittedMemory(), knownLater(timeUs, 1));
    const before = new WalkBars([...days]).until(timeUs);
    const found = await ask(answering(now), { path, k: 8 });
    expect(found).toMatchObject({
      query: { symbol: 'AAA', timestamp: path.to },
      receipt: { space: 'path', table, exact: true },
    });
    expect(found.neighbours).toHaveLength(8);
    const knew = await ask(answering(then, { store: before }), { path, k: 8 });
    expect(withoutTotals(knew)).toEqual(withoutTotals(found));
  });
});
