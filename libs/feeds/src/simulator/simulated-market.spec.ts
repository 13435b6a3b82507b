import { hourUs, secondUs } from '@hindcast/contracts';
import { admit, IdentityMemory, KnownTicks, type AdmissionState, type LoggedBatch } from '@hindcast/market';
import fc from 'fast-check';
import { simulatedSymbol } from './simulated-symbol.js';
import { batchesUntil, fromUs, marketOf, rowsTold } from './simulator.fixture.js';

const untilUs = fromUs + 30 * secondUs;

describe('a simulated market', () => {
  const whole = rowsTold(batchesUntil(marketOf(), untilUs));

  it('follows from its seed', () => {
    expect(rowsTold(batchesUntil(marketOf(), untilUs))).toEqual(whole);
    const other = new Set(rowsTold(batchesUntil(marketOf({ seed: 2 }), untilUs)));
    expect(whole.filter((row) => other.has(row))).toEqual([]);
  });

  it('does not depend on how it is cut', () => {
    const cuts = fc.record({
      batchRows: fc.integer({ min: 20, max: 2_000 }),
      slicesUs: fc.array(fc.integer({ min: 100_000, max: 10 * secondUs }), { minLength: 1, maxLength: 20 }),
      markEvery: fc.constantFrom(secondUs, 10 * secondUs, hourUs),
    });
    fc.assert(
      fc.property(cuts, ({ batchRows, slicesUs, markEvery }) => {
        const market = marketOf({ batchRows });
        market.markEvery(markEvery);
        const rows: string[] = [];
        for (let turn = 0; market.nowUs < untilUs; turn++) {
          const sliceUs = Math.min(untilUs, market.nowUs + slicesUs[turn % slicesUs.length]);
          rows.push(...rowsTold(batchesUntil(market, sliceUs)));
        }
        expect(rows).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it('can be entered anywhere', () => {
    const offsets = fc.integer({ min: 0, max: 30 * secondUs });
    fc.assert(
      fc.property(offsets, (offsetUs) => {
        const enteredUs = fromUs + offsetUs;
        const later = whole.filter((row) => Number(/ (\d{16}) /.exec(row)?.[1]) >= enteredUs);
        expect(rowsTold(batchesUntil(marketOf({ fromUs: enteredUs }), untilUs))).toEqual(later);
      }),
      { numRuns: 10 },
    );
  });

  it('is the same over the border of hours, whether the hour before was made or not', () => {
    const borderUs = fromUs + hourUs;
    const through = marketOf({ fromUs: borderUs - 60 * secondUs });
    const told = rowsTold(batchesUntil(through, borderUs + 60 * secondUs));
    const after = rowsTold(batchesUntil(marketOf({ fromUs: borderUs }), borderUs + 60 * secondUs));
    expect(told.slice(-after.length)).toEqual(after);
    const before = told.slice(0, -after.length);
    expect(before.length).toBeGreaterThan(0);
    expect(before.some((row) => after.includes(row))).toBe(false);
  });

  it('has symbols that do not depend on which others there are', () => {
    const alone = rowsTold(batchesUntil(marketOf({ symbols: [simulatedSymbol({ symbol: 'ETH-USDT' })] }), untilUs));
    expect(alone).toEqual(whole.filter((row) => row.includes(' ETH-USDT ')));
  });

  it('says in every row that it is simulated', () => {
    expect(
      whole.filter((row) => row.startsWith('trade')).every((row) => row.includes('simulated/spot') && row.endsWith('simulator:1')),
    ).toBe(true);
  });

  it('passes admission without a rejected, doubled or late row, in one total order', () => {
    const memory = new IdentityMemory({ rowsMax: 100_000 });
    const logged = new Map<number, LoggedBatch>();
    const limits = { maxAheadUs: 0, priceBands: new Map<string, never>() };
    let state: AdmissionState = { instruments: new Map() };
    let number = 1;
    let newestUs = 0;
    const market = marketOf({ batchRows: 50 });
    market.markEvery(secondUs);
    for (const batch of batchesUntil(market, untilUs)) {
      const known = new KnownTicks(memory, { ...batch, number }, (other) => logged.get(other)!);
      const admission = admit(state, batch, { number, nowUs: untilUs, limits, known });
      logged.set(number++, admission.batch);
      state = admission.state;
      const { trades, quotes } = admission.counts;
      expect(trades.accepted + quotes.accepted).toBe(batch.trades.length + batch.quotes.length);
      expect(trades.late).toBe(0);
      const timesUs = [...batch.trades.timeUs, ...batch.quotes.timeUs];
      if (timesUs.length > 0) expect(Math.min(...timesUs)).toBeGreaterThanOrEqual(newestUs);
      newestUs = Math.max(newestUs, ...timesUs);
    }
  });

  it('marks the end of each interval, behind its rows', () => {
    const market = marketOf();
    market.markEvery(10 * secondUs);
    const marked = [...batchesUntil(market, untilUs)].filter(({ marks }) => marks.length > 0);
    expect(marked.map(({ marks }) => marks.map(({ symbol, timeUs }) => `${symbol} ${(timeUs - fromUs) / secondUs}`))).toEqual(
      [10, 20, 30].map((second) => ['BTC-USDT', 'ETH-USDT', 'ALPHA-USDT'].map((symbol) => `${symbol} ${second}`)),
    );
  });

  it.each([
    [{ fromUs: Date.parse('2019-12-31T23:59:59Z') * 1_000 }, 'simulated markets begin at 2020-01-01T00:00:00Z'],
    [{ batchRows: 0 }, 'a batch has 1 to 65536'],
  ])('refuses %j', (options, words) => {
    expect(() => marketOf(options)).toThrow(words);
  });
});
