import { hourUs } from '@hindcast/contracts';
import { RandomStream } from './random-stream.js';
import type { SimulatedSymbol } from './simulated-symbol.js';

const { exp, floor, log, LN2, sqrt } = Math;

/** 2020-01-01: every simulated market begins there, so that any later hour follows from the seed alone. */
export const originUs = 1_577_836_800_000_000;

/** How the market as a whole is: how wide it swings, how much is traded, and how heavy the tails of its returns are. */
interface Regime {
  readonly volatility: number;
  readonly activity: number;
  /** Of Student's t. */
  readonly degrees: number;
  /** Chances of the next hour's regime, in the order of `regimes`. */
  readonly next: readonly [number, number, number];
}

export const regimes: readonly [Regime, Regime, Regime] = [
  { volatility: 0.55, activity: 0.6, degrees: 6, next: [0.92, 0.07, 0.01] },
  { volatility: 1, activity: 1, degrees: 4, next: [0.06, 0.89, 0.05] },
  { volatility: 2.6, activity: 2.4, degrees: 3, next: [0.02, 0.23, 0.75] },
];

/** How much of its time the chain spends in each, from the balance of its transitions. */
const shares = [0.396, 0.49, 0.114] as const;
export const meanVariance = shares.reduce((sum, share, index) => sum + share * regimes[index].volatility ** 2, 0);
export const meanActivity = shares.reduce((sum, share, index) => sum + share * regimes[index].activity, 0);

const hoursPerYear = 24 * 365.25;
/** Of a symbol's own level of volatility, in logarithms: an hour remembers this much of the one before. */
const levelMemory = 0.97;
export const levelDeviation = 0.35;
const levelShock = levelDeviation * sqrt(1 - levelMemory ** 2);
/** Of the volatility that changes within minutes, at the border of two hours. */
export const burstDeviation = 0.45;
/** Squared, what a symbol shares of its returns with all others. */
const marketShare = 0.6;
/** Half of a price's distance from where it began is gone after 180 days. */
const returnToOrigin = LN2 / (24 * 180);
const hourDegrees = 4;

/** A symbol at the border of two hours; all in logarithms. */
export interface HourBorder {
  readonly price: number;
  readonly level: number;
  readonly burst: number;
}

/** What an hour starts and ends with; its seconds are drawn in between. */
export interface SimulatedHour {
  /** Since the epoch. */
  readonly hour: number;
  readonly from: HourBorder;
  readonly to: HourBorder;
  /** The regime of its beginning, and that of its end from `switchSecond` on. */
  readonly regimes: readonly [number, number];
  readonly switchSecond: number;
  /** Standard deviation of an hour's return where nothing is unusual. */
  readonly usualDeviation: number;
}

/** The regimes of all hours since the origin, one after another, and what all symbols share of their returns. */
class MarketWalk {
  regimes: readonly [number, number] = [1, 1];
  switchSecond = 0;
  sharedReturn = 0;
  private readonly random: RandomStream;

  constructor(seed: number) {
    this.random = new RandomStream(seed, 'market');
  }

  step(): void {
    const [, regime] = this.regimes;
    const { random } = this;
    this.regimes = [regime, drawnRegime(regimes[regime].next, random.uniform())];
    this.switchSecond = floor(3_600 * random.uniform());
    this.sharedReturn = random.studentT(hourDegrees);
  }
}

function drawnRegime([first, second]: readonly [number, number, number], chance: number): number {
  return chance < first ? 0 : chance < first + second ? 1 : 2;
}

class SymbolWalk {
  from: HourBorder;
  to: HourBorder;
  readonly usualDeviation: number;
  private readonly random: RandomStream;
  private readonly originPrice: number;

  constructor(seed: number, { symbol, price, volatility }: SimulatedSymbol) {
    this.random = new RandomStream(seed, symbol, 'hours');
    this.originPrice = log(price);
    this.usualDeviation = volatility / sqrt(hoursPerYear * meanVariance);
    this.to = { price: this.originPrice, level: 0, burst: 0 };
    this.from = this.to;
  }

  step(market: MarketWalk): void {
    const { random, to: from } = this;
    const before = regimes[market.regimes[0]].volatility ** 2;
    const after = regimes[market.regimes[1]].volatility ** 2;
    const regimeVariance = after + (before - after) * (market.switchSecond / 3_600);
    const deviation = this.usualDeviation * sqrt(regimeVariance) * exp(from.level - levelDeviation ** 2);
    const shock = sqrt(marketShare) * market.sharedReturn + sqrt(1 - marketShare) * random.studentT(hourDegrees);
    this.from = from;
    this.to = {
      price: from.price + deviation * shock - returnToOrigin * (from.price - this.originPrice),
      level: levelMemory * from.level + levelShock * random.gaussian(),
      burst: burstDeviation * random.gaussian(),
    };
  }
}

/**
 * The coarse path of every symbol, hour by hour from the origin on. It is cheap (a tenth of a microsecond an hour and
 * symbol), and the fine path of an hour hangs between its borders: so any hour can be made without the ticks before it.
 */
export class HourWalk {
  private readonly market: MarketWalk;
  private readonly walks: readonly SymbolWalk[];
  private hour = originUs / hourUs - 1;

  constructor(seed: number, symbols: readonly SimulatedSymbol[]) {
    this.market = new MarketWalk(seed);
    this.walks = symbols.map((symbol) => new SymbolWalk(seed, symbol));
  }

  /** The hour of every symbol, in their order. Hours must not go back, nor before the origin. */
  at(hour: number): readonly SimulatedHour[] {
    while (this.hour < hour) {
      this.market.step();
      for (const walk of this.walks) walk.step(this.market);
      this.hour++;
    }
    const { regimes: ofHour, switchSecond } = this.market;
    return this.walks.map(({ from, to, usualDeviation }) => ({ hour, from, to, regimes: ofHour, switchSecond, usualDeviation }));
  }
}
