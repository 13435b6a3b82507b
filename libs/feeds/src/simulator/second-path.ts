import { burstDeviation, levelDeviation, meanActivity, regimes, type SimulatedHour } from './hour-walk.js';
import { RandomStream } from './random-stream.js';
import type { SimulatedSymbol } from './simulated-symbol.js';

const { cos, exp, PI, sqrt } = Math;

export const secondsPerHour = 3_600;
/** Half of a burst of volatility is gone after three minutes. */
const burstMemory = 2 ** (-1 / 180);
const burstShock = burstDeviation * sqrt(1 - burstMemory ** 2);
/** How much more is traded where prices move more. */
const activityOfVolatility = 0.7;

/** The fine path of one hour: what its seconds are like, before anybody has traded in them. Written anew for each hour. */
export class SecondPath {
  /** Logarithm of the price at the beginning of each second, and at the end of the last. */
  readonly price = new Float64Array(secondsPerHour + 1);
  /** Standard deviation of each second's return. */
  readonly deviation = new Float64Array(secondsPerHour);
  /** Trades and quotes expected in each second, excitement aside. */
  readonly arrivals = new Float64Array(secondsPerHour);
  /** Of a second where nothing is unusual. */
  usualDeviation = 0;
  private readonly variance = new Float64Array(secondsPerHour + 1);

  constructor(
    private readonly seed: number,
    private readonly symbol: SimulatedSymbol,
  ) {}

  draw(hour: SimulatedHour): void {
    const random = new RandomStream(this.seed, this.symbol.symbol, hour.hour, 'seconds');
    this.usualDeviation = hour.usualDeviation / sqrt(secondsPerHour);
    this.drawVolatility(hour, random);
    this.drawPrices(hour, random);
  }

  /** Bursts go from the one border's to the other's: a free path, bent so that it ends where it has to. */
  private drawVolatility({ hour, from, to, regimes: ofHour, switchSecond }: SimulatedHour, random: RandomStream): void {
    const { deviation, arrivals, symbol, usualDeviation } = this;
    let burst = from.burst;
    for (let second = 0; second < secondsPerHour; second++) {
      deviation[second] = burst;
      burst = burstMemory * burst + burstShock * random.gaussian();
    }
    const miss = to.burst - burst;
    let weight = burstMemory ** secondsPerHour;
    const eventsPerSecond = (symbol.tradesPerSecond * (1 + symbol.quotesPerTrade)) / meanActivity;
    for (let second = 0; second < secondsPerHour; second++) {
      const part = second / secondsPerHour;
      const level = from.level + (to.level - from.level) * part;
      const bent = deviation[second] + weight * miss;
      weight /= burstMemory;
      const regime = regimes[second < switchSecond ? ofHour[0] : ofHour[1]];
      const shape = dayShape((hour % 24) + part);
      // Squared deviations have the mean of the regime's: hence the corrections for the mean of a lognormal variable.
      const excess = exp(bent - burstDeviation ** 2 + level - levelDeviation ** 2);
      deviation[second] = usualDeviation * regime.volatility * sqrt(shape) * excess;
      arrivals[second] = eventsPerSecond * regime.activity * shape * exp(activityOfVolatility * (bent + level) - activityCorrection);
    }
  }

  /** Returns with heavy tails, and the difference from the hour's own return shared out over their variance. */
  private drawPrices({ from, to, regimes: ofHour, switchSecond }: SimulatedHour, random: RandomStream): void {
    const { price, deviation, variance } = this;
    price[0] = from.price;
    for (let second = 0; second < secondsPerHour; second++) {
      const { degrees } = regimes[second < switchSecond ? ofHour[0] : ofHour[1]];
      price[second + 1] = price[second] + deviation[second] * random.studentT(degrees);
      variance[second + 1] = variance[second] + deviation[second] ** 2;
    }
    const miss = (to.price - price[secondsPerHour]) / variance[secondsPerHour];
    for (let second = 1; second <= secondsPerHour; second++) price[second] += miss * variance[second];
  }
}

const activityCorrection = (activityOfVolatility ** 2 * (burstDeviation ** 2 + levelDeviation ** 2)) / 2;

/** How much is traded at an hour of the UTC day, 1 in the mean: least at 7, most at 15, when Europe and America are both awake. */
export function dayShape(hourOfDay: number): number {
  const angle = (2 * PI * hourOfDay) / 24;
  return 1 - 0.42 * cos(angle - 0.9) + 0.16 * cos(2 * angle - 1.6);
}
