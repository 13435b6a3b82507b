import type { Instrument } from '@hindcast/market';
import type { HorizonSkill, MemorySkill } from '../memory-definition.js';
import { horizonWords, parseHorizon, type Horizon } from '../outcomes/horizon.js';
import type { Foretold } from './foretell.js';

/** A gain of R2 over the better HAR that is worth listening to. */
export const worthwhileGain = 0.05;
/** Days needed before a second decimal means anything. */
export const daysForDecimals = 20;
/** Fewer independent outcomes than this are anecdotes. */
const effectiveSizeMin = 5;
/** What an 80 % band may hold before words are made of it. */
const bandHolds = { least: 0.75, most: 0.85 };
const chanceMax = 0.05;
const instrumentsShown = 4;

/** What of a forecast its words depend on. */
export type JudgedForecast = Pick<Foretold, 'horizon' | 'candidates' | 'effectiveSize' | 'pValueOfReturn'>;

/**
 * How an answer is to be read, in plain sentences that follow from the memory's measured skill and from the forecasts of this
 * one moment: first volatility, a horizon a sentence, then direction, then what the numbers cannot bear. `about` is whose moment
 * it is, where it is anybody's.
 */
export function verdictOf(skill: MemorySkill | null, forecasts: readonly JudgedForecast[], about?: Instrument): readonly string[] {
  const found = forecasts.filter(({ candidates }) => candidates > 0);
  if (found.length === 0) return ['Nothing is foretold: no moment of the memory passed the filters with its outcome known.'];
  if (skill === null || skill.days === 0) return [notMeasuredAtAll, ...fewOutcomes(found)];
  const judged = found.flatMap(({ horizon, ...forecast }) => {
    const measured = skill.byHorizon[horizon.id] as HorizonSkill | undefined;
    return measured ? [{ horizon, measured, pValueOfReturn: forecast.pValueOfReturn }] : [];
  });
  return [
    ...judged.map(aboutVolatility),
    ...aboutDirection(judged),
    ...notMeasured(found.filter(({ horizon }) => skill.byHorizon[horizon.id] === undefined)),
    ...fewOutcomes(found),
    ...measuredOnOthers(skill, about),
    ...fewDays(skill),
  ];
}

/** The same of a memory, whatever is asked of it. */
export function skillWords(skill: MemorySkill | null): readonly string[] {
  if (skill === null || skill.days === 0) return [notMeasuredAtAll];
  const judged = Object.entries(skill.byHorizon).map(([id, measured]) => ({ horizon: parseHorizon(id), measured }));
  return [...judged.map(aboutVolatility), ...aboutDirection(judged), ...fewDays(skill)];
}

const notMeasuredAtAll =
  'How far to trust this has not been measured on days that the memory had not seen: read the neighbours as examples, not as a forecast.';

interface Judged {
  readonly horizon: Horizon;
  readonly measured: HorizonSkill;
  /** Of the question that is answered. */
  readonly pValueOfReturn?: number;
}

function aboutVolatility({ horizon, measured: { volatility, volatilityOfHar, coverage } }: Judged): string {
  const scores = `R2 ${volatility.toFixed(2)} against ${volatilityOfHar.toFixed(2)}`;
  const gain = volatility - volatilityOfHar;
  const verdict =
    volatility <= 0
      ? `not foretold (R2 ${volatility.toFixed(2)}): what was usual before says as much`
      : gain >= worthwhileGain
        ? `neighbours foretell it better than a HAR (${scores})`
        : gain > 0
          ? `neighbours foretell it about as well as a HAR (${scores})`
          : `neighbours foretell it no better than a HAR (${scores}), which needs no memory`;
  const held = `${Math.round(100 * coverage)} % of outcomes where it promises 80`;
  const band =
    coverage < bandHolds.least
      ? ` The band is too narrow: it held ${held}.`
      : coverage > bandHolds.most
        ? ` The band is wider than it need be: it held ${held}.`
        : '';
  return `Volatility over ${horizonWords(horizon)}: ${verdict}.${band}`;
}

function aboutDirection(judged: readonly Judged[]): readonly string[] {
  if (judged.length === 0) return [];
  const foretold = judged.filter(
    ({ measured: { direction, directionOfUsual, directionPValue } }) => direction < directionOfUsual && directionPValue < chanceMax,
  );
  if (foretold.length > 0) {
    return foretold.map(
      ({ horizon, measured: { direction, directionOfUsual } }) =>
        `Direction over ${horizonWords(horizon)}: neighbours told the chance of a rise better than its usual share ` +
        `(Brier ${direction.toFixed(3)} against ${directionOfUsual.toFixed(3)}; a coin has 0.250). Look for what else explains it before trading on it.`,
    );
  }
  const striking = judged.filter(({ pValueOfReturn = 1 }) => pValueOfReturn < chanceMax).map(({ horizon }) => horizonWords(horizon));
  return [
    'Direction: not foretold; read the returns as a spread, not as a direction.' +
      (striking.length > 0
        ? ` That these neighbours' returns over ${listed(striking)} differ from the usual (p below ${chanceMax}) happens by chance in one question of twenty.`
        : ''),
  ];
}

function notMeasured(forecasts: readonly JudgedForecast[]): readonly string[] {
  if (forecasts.length === 0) return [];
  return [`Not measured over ${listed(forecasts.map(({ horizon }) => horizonWords(horizon)))}: those are examples, not a forecast.`];
}

function fewOutcomes(forecasts: readonly JudgedForecast[]): readonly string[] {
  const few = forecasts.filter(({ effectiveSize }) => effectiveSize < effectiveSizeMin);
  if (few.length === 0) return [];
  const told = few.map(({ horizon, effectiveSize }) => `${effectiveSize.toFixed(1)} over ${horizonWords(horizon)}`);
  return [`Few independent outcomes stand behind the neighbours shown: ${listed(told)}.`];
}

/** What holds for some instruments is a guess for another one. */
function measuredOnOthers({ byInstrument }: MemorySkill, about: Instrument | undefined): readonly string[] {
  if (about === undefined || byInstrument.length === 0) return [];
  if (byInstrument.some(({ market, symbol }) => market === about.market && symbol === about.symbol)) return [];
  const shown = byInstrument.slice(0, instrumentsShown).map(({ symbol }) => symbol);
  const others = byInstrument.length - shown.length;
  const markets = listed([...new Set(byInstrument.map(({ market }) => market))]);
  return [
    `The skill was measured on ${listed(others > 0 ? [...shown, `${others} more`] : shown)} of ${markets}: whether it holds for ${about.symbol} of ${about.market} is not known.`,
  ];
}

function fewDays({ days }: MemorySkill): readonly string[] {
  if (days >= daysForDecimals) return [];
  return [`The skill was measured on ${days === 1 ? 'one day' : `${days} days`} only: trust its order of size, not its second decimal.`];
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}
