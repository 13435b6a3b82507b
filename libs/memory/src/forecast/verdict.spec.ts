import type { HorizonSkill, MemorySkill } from '../memory-definition.js';
import { parseHorizon } from '../outcomes/horizon.js';
import { skillWords, verdictOf, type JudgedForecast } from './verdict.js';

const measured: HorizonSkill = {
  volatility: 0.43,
  volatilityOfHar: 0.35,
  coverage: 0.81,
  direction: 0.2501,
  directionOfUsual: 0.25,
  directionPValue: 0.6,
};
const skillOver = (byHorizon: MemorySkill['byHorizon'], days = 40): MemorySkill => ({
  fromUs: 0,
  toUs: 1,
  days,
  moments: 900,
  byHorizon,
  byInstrument: [],
});
const forecastOver = (id: string, more: Partial<JudgedForecast> = {}): JudgedForecast => ({
  horizon: parseHorizon(id),
  candidates: 500,
  effectiveSize: 12,
  pValueOfReturn: 0.4,
  ...more,
});
const noDirection = 'Direction: not foretold; read the returns as a spread, not as a direction.';

describe('the words of an answer', () => {
  it.each([
    [{}, 'neighbours foretell it better than a HAR (R2 0.43 against 0.35).'],
    [{ volatilityOfHar: 0.41 }, 'neighbours foretell it about as well as a HAR (R2 0.43 against 0.41).'],
    [{ volatilityOfHar: 0.5 }, 'neighbours foretell it no better than a HAR (R2 0.43 against 0.50), which needs no memory.'],
    [{ volatility: -0.1 }, 'not foretold (R2 -0.10): what was usual before says as much.'],
    [
      { coverage: 0.702 },
      'neighbours foretell it better than a HAR (R2 0.43 against 0.35). The band is too narrow: it held 70 % of outcomes where it promises 80.',
    ],
  ])('weigh volatility: %j', (changed, words) => {
    expect(verdictOf(skillOver({ '5m': { ...measured, ...changed } }), [forecastOver('5m')])).toEqual([
      `Volatility over 5 minutes: ${words}`,
      noDirection,
    ]);
  });

  it('say the same of a memory that nothing is asked of', () => {
    const skill = skillOver({ '5m': measured, '1h': { ...measured, volatility: 0.2 } }, 3);
    expect(skillWords(skill)).toEqual([
      'Volatility over 5 minutes: neighbours foretell it better than a HAR (R2 0.43 against 0.35).',
      'Volatility over 1 hour: neighbours foretell it no better than a HAR (R2 0.20 against 0.35), which needs no memory.',
      noDirection,
      'The skill was measured on 3 days only: trust its order of size, not its second decimal.',
    ]);
    expect(skillWords(null)).toEqual([expect.stringMatching(/^How far to trust this has not been measured/)]);
  });

  it('do not let a striking p-value of one question make a direction of it', () => {
    const [, direction] = verdictOf(skillOver({ '5m': measured }), [forecastOver('5m', { pValueOfReturn: 0.01 })]);
    expect(direction).toBe(
      `${noDirection} That these neighbours' returns over 5 minutes differ from the usual (p below 0.05) happens by chance in one question of twenty.`,
    );
  });

  it('tell a direction only where it was foretold on unseen days beyond chance', () => {
    const told = { ...measured, direction: 0.24, directionPValue: 0.001 };
    expect(verdictOf(skillOver({ '1h': told }), [forecastOver('1h')])[1]).toMatch(/^Direction over 1 hour: .*Brier 0.240 against 0.250/);
    expect(verdictOf(skillOver({ '1h': { ...told, direction: 0.26 } }), [forecastOver('1h')])[1]).toBe(noDirection);
  });

  it('name what was not measured, and what few days and few outcomes cannot bear', () => {
    const forecasts = [forecastOver('5m', { effectiveSize: 2.25 }), forecastOver('end_of_day'), forecastOver('next_day')];
    expect(verdictOf(skillOver({ '5m': measured }, 2), forecasts).slice(2)).toEqual([
      'Not measured over the rest of the day and the next day: those are examples, not a forecast.',
      'Few independent outcomes stand behind the neighbours shown: 2.3 over 5 minutes.',
      'The skill was measured on 2 days only: trust its order of size, not its second decimal.',
    ]);
    expect(verdictOf(null, forecasts)).toEqual([
      expect.stringMatching(/^How far to trust this has not been measured/),
      'Few independent outcomes stand behind the neighbours shown: 2.3 over 5 minutes.',
    ]);
    expect(verdictOf(skillOver({ '5m': measured }), [forecastOver('5m', { candidates: 0 })])).toEqual([
      'Nothing is foretold: no moment of the memory passed the filters with its outcome known.',
    ]);
  });

  it("say whose skill it is where the moment is another instrument's", () => {
    const instruments = ['SPY', 'IBM', 'BAC', 'AIG', 'KO'].map((symbol) => ({ market: 'usa/equity', symbol, byHorizon: {} }));
    const skill = { ...skillOver({ '5m': measured }), byInstrument: instruments };
    const words = (about?: { readonly market: string; readonly symbol: string }) => verdictOf(skill, [forecastOver('5m')], about).slice(2);
    expect(words({ market: 'binance/spot', symbol: 'BTC-USDT' })).toEqual([
      'The skill was measured on SPY, IBM, BAC, AIG and 1 more of usa/equity: whether it holds for BTC-USDT of binance/spot is not known.',
    ]);
    expect(words({ market: 'usa/equity', symbol: 'KO' })).toEqual([]);
    expect(words()).toEqual([]);
  });
});
