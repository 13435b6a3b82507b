import { jest } from '@jest/globals';
import { secondUs } from '@hindcast/contracts';
import fc from 'fast-check';
import { MarketFold } from './market-fold.js';
import {
  admitted,
  arbitraryTrades,
  cutInto,
  dayStartUs,
  endMark,
  foldOptions,
  inOrder,
  market,
  patienceMs,
  statesOf,
  text,
} from './market.fixture.js';
import { MemoryCheckpoint } from './world.fixture.js';

const cuts = fc.array(fc.nat(), { maxLength: 12 });

jest.setTimeout(patienceMs);

describe('folding a log', () => {
  it('makes the same states whatever the batches are', () => {
    fc.assert(
      fc.property(arbitraryTrades, cuts, (trades, places) => {
        const whole = admitted([{ trades, marks: endMark(trades) }]);
        const pieces = admitted([...cutInto(trades, places), { trades: [], marks: endMark(trades) }]);
        expect(text(statesOf(pieces))).toBe(text(statesOf(whole)));
      }),
      { numRuns: 25 },
    );
  });

  it('goes on from a checkpoint as if nothing had been', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTrades, cuts, fc.nat(), fc.nat(), async (trades, places, first, second) => {
        const batches = admitted([...cutInto(trades, places), { trades: [], marks: endMark(trades) }]);
        const stops = new Set([first % batches.length, second % batches.length]);
        const disk = new MemoryCheckpoint();
        let fold = new MarketFold(foldOptions);
        const states = [];
        for (const [index, batch] of batches.entries()) {
          states.push(...fold.step(batch).states);
          if (!stops.has(index)) continue;
          await disk.save('stream-1', fold.cut());
          fold = new MarketFold(foldOptions, disk.load()?.fold);
        }
        await disk.save('stream-1', fold.cut());
        expect(text(inOrder(states))).toBe(text(statesOf(batches)));
        expect(text(disk.oldest(1e6))).toBe(text(statesOf(batches).filter(foldOptions.isEmbeddingDue)));
        expect(fold.states).toBe(states.length);
      }),
      { numRuns: 25 },
    );
  });

  it('sets the clock by the newest trade less the slack, and by marks after the rows', () => {
    const at = (seconds: number) => dayStartUs + seconds * secondUs;
    const [first, second] = admitted([
      {
        trades: [
          { symbol: 'SPY', timeUs: at(10), price: 1, size: 1 },
          { symbol: 'SPY', timeUs: at(12.1), price: 1, size: 1 },
        ],
        slackUs: 250_000,
      },
      {
        trades: [{ symbol: 'SPY', timeUs: at(11.9), price: 2, size: 1 }],
        marks: [{ market, symbol: 'SPY', timeUs: at(12.5) }],
        slackUs: 250_000,
      },
    ]);
    const fold = new MarketFold(foldOptions);
    expect(fold.step(first).states.map(({ timeUs }) => timeUs)).toEqual([at(11)]);
    expect(fold.step(second).states.map(({ timeUs, trades }) => [timeUs, trades])).toEqual([[at(12), 2]]);
  });

  it('lets the first market seen speak for a symbol, unless another one is named', () => {
    const trade = { symbol: 'SPY', timeUs: dayStartUs, price: 1, size: 1 };
    const [batch] = admitted([{ trades: [trade], marks: [] }]);
    const elsewhere = { ...batch, number: 1, trades: { ...batch.trades, market: { codes: Uint16Array.of(0), values: ['other/market'] } } };
    for (const [primaryMarkets, expected] of [
      [{}, market],
      [{ SPY: 'other/market' }, 'other/market'],
    ] as const) {
      const fold = new MarketFold({ ...foldOptions, primaryMarkets });
      fold.step(batch);
      fold.step(elsewhere);
      expect(fold.primary('SPY')?.instrument.market).toBe(expected);
    }
  });

  it('lets a market that trades speak before one that only quotes', () => {
    const quote = { symbol: 'SPY', timeUs: dayStartUs, exchange: 'P', bid: 1, ask: 2 };
    const trade = { symbol: 'SPY', timeUs: dayStartUs, price: 1, size: 1 };
    const [quoted, traded] = admitted([{ trades: [], quotes: [quote] }, { trades: [trade] }]);
    const elsewhere = { ...quoted, quotes: { ...quoted.quotes, market: { codes: Uint16Array.of(0), values: ['other/market'] } } };
    const fold = new MarketFold(foldOptions);
    fold.step(elsewhere);
    expect(fold.primary('SPY')?.instrument.market).toBe('other/market');
    fold.step(traded);
    expect(fold.primary('SPY')?.instrument.market).toBe(market);
  });

  it('passes over instruments beyond the bound, and says which', () => {
    const trades = ['A', 'B', 'C'].map((symbol) => ({ symbol, timeUs: dayStartUs, price: 1, size: 1 }));
    const fold = new MarketFold({ ...foldOptions, instrumentsMax: 2 });
    fold.step(admitted([{ trades }])[0]);
    expect(fold.all.map(({ instrument }) => instrument.symbol)).toEqual(['A', 'B']);
    expect(fold.refused).toEqual(['usa/equity C']);
    expect(fold.refusedRows).toBe(1);
  });
});
