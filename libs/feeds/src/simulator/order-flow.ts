import { secondUs } from '@hindcast/contracts';
import { sideCodes } from '@hindcast/market';
import { RandomStream } from './random-stream.js';
import type { SecondPath } from './second-path.js';
import type { SecondEvents } from './second-events.js';
import type { SimulatedSymbol } from './simulated-symbol.js';

const { exp, floor, ceil, max, min, round, sqrt } = Math;

/** Of a self-exciting (Hawkes) process: events that each event sets off in the mean, and how fast its excitement fades. */
const branching = 0.6;
const decayPerSecond = 3;
const jump = branching * decayPerSecond;
/** Who bought goes on buying: the chance of the same side again, above an even one. */
const persistence = 0.1;
/** How far the chance of a buy leans to where the second's price goes, a standard deviation; and at most. */
const lean = 0.12;
const leanMax = 0.25;
/** Of the logarithm of a trade's size. */
const sizeDeviation = 1.2;
const sizeCorrection = sizeDeviation ** 2 / 2;
/** Shares of a spread: what it is when nothing moves, and what volatility adds. */
const calmSpread = 0.6;
const movedSpread = 0.4;
const movedMax = 4;

/**
 * Trades and quotes of one symbol. Arrivals excite each other (Ogata's thinning). Between them the price follows a bridge
 * from one second's price to the next one's, the quotes keep a spread around it, buyers pay the ask and sellers get the
 * bid: so trades bounce between the two. Each hour begins with its own randomness and no excitement, and therefore needs
 * none of the hours before it.
 */
export class OrderFlow {
  private random = new RandomStream();
  private excitement = 0;
  private lastSide: number = sideCodes.buy;
  private bidTicks = 0;
  private askTicks = 0;
  private newestUs = 0;
  private readonly tradeChance: number;
  private readonly ticksPerUnit: number;
  private readonly lotsPerUnit: number;
  private readonly halfSpread: number;

  constructor(
    private readonly seed: number,
    private readonly parameters: SimulatedSymbol,
    private readonly path: SecondPath,
    /** Place of the symbol among all. */
    private readonly place: number,
  ) {
    this.tradeChance = 1 / (1 + parameters.quotesPerTrade);
    this.ticksPerUnit = 10 ** parameters.priceDecimals;
    this.lotsPerUnit = 10 ** parameters.sizeDecimals;
    this.halfSpread = parameters.spreadBps / 2 / 10_000;
  }

  startHour(hour: number): void {
    this.random = new RandomStream(this.seed, this.parameters.symbol, hour, 'orders');
    this.excitement = 0;
    this.bidTicks = 0;
    this.askTicks = 0;
  }

  /** What happens within one second of the hour whose path is drawn. No event lies on the border of two seconds. */
  trade(second: number, startUs: number, into: SecondEvents): void {
    const { path, random, tradeChance } = this;
    const base = (1 - branching) * path.arrivals[second];
    const bridge = this.bridge(second);
    let at = 0;
    for (;;) {
      const bound = base + this.excitement;
      const next = at + random.exponential() / bound;
      this.excitement *= exp(-decayPerSecond * (min(next, 1) - at));
      if (next >= 1) return;
      at = next;
      if (random.uniform() * bound > base + this.excitement) continue;
      this.excitement += jump;
      const timeUs = max(startUs + 1 + floor(at * (secondUs - 1)), this.newestUs + 1);
      if (timeUs >= startUs + secondUs) return;
      this.newestUs = timeUs;
      const isTrade = random.uniform() < tradeChance;
      this.quote({ price: exp(bridge.at(at)), spread: bridge.spread, timeUs, always: !isTrade }, into);
      if (isTrade) this.fill(timeUs, bridge.lean, into);
    }
  }

  private bridge(second: number): PriceBridge {
    const { price, deviation, usualDeviation } = this.path;
    return new PriceBridge(this.random, { from: price[second], to: price[second + 1], deviation: deviation[second], usualDeviation });
  }

  private quote({ price, spread, timeUs, always }: QuoteMoment, into: SecondEvents): void {
    const { ticksPerUnit, halfSpread, random, place } = this;
    const half = price * halfSpread * spread;
    const bidTicks = max(1, floor((price - half) * ticksPerUnit));
    const askTicks = max(bidTicks + 1, ceil((price + half) * ticksPerUnit));
    if (!always && bidTicks === this.bidTicks && askTicks === this.askTicks) return;
    this.bidTicks = bidTicks;
    this.askTicks = askTicks;
    const bidSize = this.size(2 * random.exponential());
    const askSize = this.size(2 * random.exponential());
    into.addQuote(place, timeUs, { bid: bidTicks / ticksPerUnit, bidSize, ask: askTicks / ticksPerUnit, askSize });
  }

  private fill(timeUs: number, leanToBuy: number, into: SecondEvents): void {
    const { random, ticksPerUnit, place } = this;
    const again = this.lastSide === sideCodes.buy ? persistence : -persistence;
    const side = random.uniform() < 0.5 + again + leanToBuy ? sideCodes.buy : sideCodes.sell;
    this.lastSide = side;
    const ticks = side === sideCodes.buy ? this.askTicks : this.bidTicks;
    const size = this.size(exp(sizeDeviation * random.gaussian() - sizeCorrection));
    into.addTrade(place, timeUs, { price: ticks / ticksPerUnit, size, side });
  }

  /** Whole lots, one at least. */
  private size(relative: number): number {
    const { parameters, lotsPerUnit } = this;
    return max(1, round(relative * parameters.tradeSize * lotsPerUnit)) / lotsPerUnit;
  }
}

interface QuoteMoment {
  readonly price: number;
  readonly spread: number;
  readonly timeUs: number;
  /** A quote is given although neither price has changed: its sizes have. */
  readonly always: boolean;
}

interface BridgeEnds {
  readonly from: number;
  readonly to: number;
  readonly deviation: number;
  readonly usualDeviation: number;
}

/** A Brownian bridge over one second, asked at rising times. */
class PriceBridge {
  readonly spread: number;
  readonly lean: number;
  private time = 0;
  private value: number;

  constructor(
    private readonly random: RandomStream,
    private readonly ends: BridgeEnds,
  ) {
    const { from, to, deviation, usualDeviation } = ends;
    this.value = from;
    this.spread = calmSpread + movedSpread * min(movedMax, deviation / usualDeviation);
    this.lean = max(-leanMax, min(leanMax, (lean * (to - from)) / usualDeviation));
  }

  at(time: number): number {
    const { to, deviation } = this.ends;
    const step = time - this.time;
    const left = 1 - this.time;
    const mean = this.value + ((to - this.value) * step) / left;
    this.value = mean + deviation * sqrt((step * (1 - time)) / left) * this.random.gaussian();
    this.time = time;
    return this.value;
  }
}
