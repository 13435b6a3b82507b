import { dayUs, HindcastError, hourUs, minuteUs, secondUs } from '@hindcast/contracts';
import { calendarOfMarket, instrumentKey, type Instrument } from '@hindcast/market';
import { boundStretches, compareStretches, pathLengthMax, PricePathComparison } from '@hindcast/memory';
import type { BarInterval, TickReader } from '@hindcast/ports';
import {
  assertComparable,
  inTurns,
  nearestApart,
  neighboursOf,
  nothingLeft,
  pointsMin,
  warpingBand,
  type PathsFound,
} from './path-matches.js';
import type { SpacingRule } from './spaced-search.js';

export interface PathQuestion extends Instrument {
  readonly fromUs: number;
  readonly toUs: number;
  readonly k: number;
  readonly rule: SpacingRule;
  readonly filter: { readonly symbols?: readonly string[]; readonly market?: string; readonly from?: number; readonly to?: number };
  readonly excludeWithinUs: number;
  readonly asOfUs: number;
  readonly signal: AbortSignal;
}

/** Shorter stretches are compared second by second. */
const secondsBelowUs = 15 * minuteUs;
/** Prices compared in one question. */
const pointsMax = 1_000_000;
/** A silence longer than that is a rest, around the clock too: a price carried on and on looks like nothing. */
const carriedMaxUs = hourUs;

/** Closes on a grid without holes. */
interface Stretch extends Instrument {
  readonly firstEndUs: number;
  readonly closes: Float64Array;
  /** Closes that no stretch before it had. */
  readonly fresh: number;
}

/** The stretches of stored prices that went most like one, whatever their level and scale, apart from each other. MOMENT_UNKNOWN, MOMENTS_NONE. */
export async function searchPaths(store: Pick<TickReader, 'bars' | 'instruments'>, question: PathQuestion): Promise<PathsFound> {
  const { fromUs, toUs, k, rule, signal } = question;
  const interval: BarInterval = toUs - fromUs < secondsBelowUs ? '1s' : '1m';
  const stepUs = interval === '1s' ? secondUs : minuteUs;
  const path = await pathOf(store, question, { interval, stepUs });
  const { length } = path;
  const nearest = nearestApart({ k, rule, lengthUs: length * stepUs });
  const instruments = new Map<string, Instrument>();
  let rows = 0;
  let candidates = 0;
  const band = warpingBand(length);
  const limits = { length, numbers: 1, pointsMax, things: 'prices' };
  for await (const { firstEndUs, closes, fresh, ...instrument } of stretchesOf(store, question, {
    interval,
    stepUs,
    overlap: length - 1,
  })) {
    rows += fresh;
    assertComparable(rows, limits);
    if (closes.length < length) continue;
    const count = closes.length - length + 1;
    candidates += count;
    const key = instrumentKey(instrument);
    instruments.set(key, instrument);
    const comparison = new PricePathComparison(closes, { path, band });
    const stretches = { instrument: key, first: 0, firstEndUs: firstEndUs + (length - 1) * stepUs, count, stepUs };
    for (const compare of [boundStretches, compareStretches]) await inTurns(compare(comparison, stretches, nearest), signal);
  }
  const matches = neighboursOf(nearest, [...instruments.values()], length);
  if (matches.length === 0) throw nothingLeft(rows, limits);
  return { matches, table: `bars_${interval}`, rows, candidates };
}

interface Grid {
  readonly interval: BarInterval;
  readonly stepUs: number;
  /** Where stretches are cut at midnight: closes of the day before that each begins with. In one piece where there is none. */
  readonly overlap?: number;
}

async function pathOf(
  store: Pick<TickReader, 'bars'>,
  { market, symbol, fromUs, toUs, signal }: PathQuestion,
  grid: Grid,
): Promise<Float64Array> {
  const allowed = `path: ${symbol} of ${market} has %s prices between path.from and path.to; ${pointsMin} to ${pathLengthMax} are allowed.`;
  const refused = (count: number): HindcastError => new HindcastError('FIELD_INVALID', allowed.replace('%s', String(count)));
  if ((toUs - fromUs) / grid.stepUs > pathLengthMax) throw refused((toUs - fromUs) / grid.stepUs);
  const stretches: Stretch[] = [];
  for await (const stretch of stretchesIn(store, { market, symbol, fromUs, toUs: toUs - grid.stepUs + 1, signal }, grid))
    stretches.push(stretch);
  const longest = stretches.toSorted((one, other) => other.closes.length - one.closes.length).at(0)?.closes ?? new Float64Array(0);
  if (longest.length < pointsMin) throw refused(longest.length);
  return longest;
}

/** What is compared: all stored prices that pass the filter and were known, but for those around the question. */
async function* stretchesOf(store: Pick<TickReader, 'bars' | 'instruments'>, question: PathQuestion, grid: Grid): AsyncGenerator<Stretch> {
  const { filter, asOfUs, excludeWithinUs, signal } = question;
  const around = { fromUs: question.fromUs - excludeWithinUs, toUs: question.toUs + excludeWithinUs };
  const summaries = await store.instruments(filter.market === undefined ? {} : { market: filter.market });
  const chosen = summaries.filter(({ table, symbol }) => table === 'trades' && (filter.symbols?.includes(symbol) ?? true));
  for (const { market, symbol, firstUs, lastUs } of chosen.toSorted((one, other) => (instrumentKey(one) < instrumentKey(other) ? -1 : 1))) {
    const fromUs = Math.max(filter.from ?? 0, Math.floor(firstUs / dayUs) * dayUs);
    const knownUs = Math.min(filter.to ?? Infinity, asOfUs, lastUs + minuteUs);
    // Bars that end by then.
    const toUs = knownUs - grid.stepUs + 1;
    for (const part of [
      { fromUs, toUs: Math.min(toUs, around.fromUs) },
      { fromUs: Math.max(fromUs, around.toUs), toUs },
    ]) {
      if (part.fromUs < part.toUs) yield* stretchesIn(store, { market, symbol, ...part, signal }, grid);
    }
  }
}

/** Bars as closes on their grid, the price carried where nothing traded, anew wherever the market rested or nothing traded for long. */
async function* stretchesIn(
  store: Pick<TickReader, 'bars'>,
  range: Instrument & { readonly fromUs: number; readonly toUs: number; readonly signal: AbortSignal },
  { interval, stepUs, overlap }: Grid,
): AsyncGenerator<Stretch> {
  const { market, symbol } = range;
  const calendar = calendarOfMarket(market);
  let closes: number[] = [];
  let seen = 0;
  let nextUs = NaN;
  let sessionCloseUs = -Infinity;
  const stretch = (kept: number): Stretch => {
    const firstEndUs = nextUs - (closes.length - 1) * stepUs;
    const made = { market, symbol, firstEndUs, closes: Float64Array.from(closes), fresh: closes.length - seen };
    closes = kept === 0 ? [] : closes.slice(-kept);
    seen = closes.length;
    return made;
  };
  const isNextDay = (startUs: number): boolean => Math.floor(startUs / dayUs) > Math.floor((nextUs - stepUs) / dayUs);
  for await (const bars of store.bars(range, interval)) {
    for (const { startUs, close } of bars) {
      if (startUs >= sessionCloseUs) {
        const session = calendar.sessionAt(startUs);
        if (session?.openUs !== sessionCloseUs && closes.length > 0) yield stretch(0);
        sessionCloseUs = session?.closeUs ?? -Infinity;
        if (!session) continue;
      }
      if (closes.length > 0 && startUs - nextUs > carriedMaxUs) yield stretch(0);
      if (overlap !== undefined && closes.length > seen && isNextDay(startUs)) yield stretch(overlap);
      const missing = closes.length === 0 ? 0 : Math.round((startUs - nextUs) / stepUs);
      for (let i = 0; i < missing; i += 1) closes.push(closes[closes.length - 1]);
      closes.push(close);
      nextUs = startUs + stepUs;
    }
  }
  if (closes.length > seen) yield stretch(0);
}
