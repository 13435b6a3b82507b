import { hourUs, secondUs } from '@hindcast/contracts';
import { HourWalk, originUs, regimes } from './hour-walk.js';
import { RandomStream } from './random-stream.js';
import { SecondPath } from './second-path.js';
import { simulatedSymbol } from './simulated-symbol.js';
import { autocorrelation, batchesUntil, fromUs, kurtosis, marketOf, mean, variance } from './simulator.fixture.js';

/**
 * What returns and trades of real markets have in common (Cont 2001, "Empirical properties of asset returns: stylized
 * facts and statistical issues"), asked of a few simulated hours. Seeds are fixed: nothing here is a matter of chance.
 */
const hours = 6;
const symbol = simulatedSymbol({ symbol: 'BTC-USDT', tradesPerSecond: 3 });

interface Observed {
  /** Mid price at the end of each second. */
  readonly mids: Float64Array;
  readonly tradePrices: number[];
  readonly tradeTimesUs: number[];
  readonly tradesOfSecond: Float64Array;
  readonly sizes: number[];
  readonly outsideQuote: number;
  readonly crossed: number;
}

function observe(): Observed {
  const seconds = hours * 3_600;
  const mids = new Float64Array(seconds);
  const tradesOfSecond = new Float64Array(seconds);
  const tradePrices: number[] = [];
  const tradeTimesUs: number[] = [];
  const sizes: number[] = [];
  let outsideQuote = 0;
  let crossed = 0;
  let [bid, ask, filled] = [0, 0, 0];
  for (const { trades, quotes } of batchesUntil(marketOf({ symbols: [symbol], batchRows: 60_000 }), fromUs + hours * hourUs)) {
    let trade = 0;
    const takeTrades = (beforePosition: number): void => {
      for (; trade < trades.length && trades.sequence[trade] < beforePosition; trade++) {
        tradesOfSecond[Math.floor((trades.timeUs[trade] - fromUs) / secondUs)]++;
        tradePrices.push(trades.price[trade]);
        tradeTimesUs.push(trades.timeUs[trade]);
        sizes.push(trades.size[trade]);
        if (trades.price[trade] !== (trades.side[trade] === 1 ? ask : bid)) outsideQuote++;
      }
    };
    for (let row = 0; row < quotes.length; row++) {
      takeTrades(quotes.sequence[row]);
      const second = Math.floor((quotes.timeUs[row] - fromUs) / secondUs);
      while (filled < second) mids[filled++] = (bid + ask) / 2;
      [bid, ask] = [quotes.bid[row], quotes.ask[row]];
      if (bid >= ask) crossed++;
    }
    takeTrades(Infinity);
  }
  mids.fill((bid + ask) / 2, filled);
  return { mids, tradePrices, tradeTimesUs, tradesOfSecond, sizes, outsideQuote, crossed };
}

function logReturns(prices: ArrayLike<number>, step: number): Float64Array {
  const returns = new Float64Array(Math.floor((prices.length - 1) / step));
  for (let at = 0; at < returns.length; at++) returns[at] = Math.log(prices[(at + 1) * step] / prices[at * step]);
  return returns;
}

const lags = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('some simulated hours', () => {
  const seen = observe();
  // The first second has no quote before its first event.
  const returns = logReturns(seen.mids.subarray(1), 1);
  const returns10 = logReturns(seen.mids.subarray(1), 10);

  it('has heavy tails, lighter the longer the step', () => {
    expect(kurtosis(returns)).toBeGreaterThan(6);
    expect(kurtosis(returns10)).toBeGreaterThan(4);
    expect(kurtosis(returns10)).toBeLessThan(kurtosis(returns));
  });

  it('has returns that tell nothing of the next ones', () => {
    const memory = lags(1, 20).map((lag) => Math.abs(autocorrelation(returns10, lag)));
    expect(mean(memory)).toBeLessThan(0.04);
    expect(Math.max(...memory)).toBeLessThan(0.12);
  });

  it('has volatility that clusters, and fades slowly', () => {
    const sizes = returns.map(Math.abs);
    const near = mean(lags(1, 10).map((lag) => autocorrelation(sizes, lag)));
    const far = mean(lags(200, 220).map((lag) => autocorrelation(sizes, lag)));
    expect(near).toBeGreaterThan(0.1);
    expect(far).toBeGreaterThan(0.02);
    expect(far).toBeLessThan(near);
  });

  it('has trades that bounce between bid and ask', () => {
    const { tradePrices } = seen;
    const changes = Float64Array.from(tradePrices.slice(1), (price, at) => price - tradePrices[at]);
    expect(autocorrelation(changes, 1)).toBeLessThan(-0.05);
    expect(seen).toMatchObject({ outsideQuote: 0, crossed: 0 });
  });

  it('has arrivals that come in clusters', () => {
    const { tradeTimesUs, tradesOfSecond } = seen;
    const waits = Float64Array.from(tradeTimesUs.slice(1), (timeUs, at) => timeUs - tradeTimesUs[at]);
    expect(Math.sqrt(variance(waits)) / mean(waits)).toBeGreaterThan(1.15);
    const halfHour = tradesOfSecond.subarray(0, 1_800);
    expect(variance(halfHour) / mean(halfHour)).toBeGreaterThan(1.5);
    expect(autocorrelation(halfHour, 1)).toBeGreaterThan(0.1);
  });

  it('has trades of very unequal sizes', () => {
    const sorted = [...seen.sizes].sort((one, other) => other - one);
    const tenth = sorted.slice(0, Math.floor(sorted.length / 10));
    expect(mean(tenth) * tenth.length).toBeGreaterThan(0.3 * mean(sorted) * sorted.length);
    expect(mean(sorted) / symbol.tradeSize).toBeCloseTo(1, 1);
  });
});

describe('simulated months', () => {
  const days = 60;
  const walk = new HourWalk(7, [symbol, simulatedSymbol({ symbol: 'ETH-USDT' })]);
  const path = new SecondPath(7, symbol);
  const firstHour = originUs / hourUs;
  const arrivalsOfHour = new Float64Array(24);
  const hoursOfRegime = [0, 0, 0];
  const [own, other]: [number[], number[]] = [[], []];
  for (let hour = firstHour; hour < firstHour + days * 24; hour++) {
    const [mine, theirs] = walk.at(hour);
    path.draw(mine);
    arrivalsOfHour[hour % 24] += mean(path.arrivals) / days;
    hoursOfRegime[mine.regimes[0]]++;
    own.push(mine.to.price - mine.from.price);
    other.push(theirs.to.price - theirs.from.price);
  }

  it('change their regime, and spend time in each', () => {
    expect(hoursOfRegime.length).toBe(regimes.length);
    for (const count of hoursOfRegime) expect(count / (days * 24)).toBeGreaterThan(0.04);
  });

  it('are as volatile as was asked for', () => {
    const yearly = Math.sqrt(mean(own.map((change) => change ** 2)) * 24 * 365.25);
    expect(yearly / symbol.volatility).toBeGreaterThan(0.7);
    expect(yearly / symbol.volatility).toBeLessThan(1.4);
  });

  it('move their symbols together, but not as one', () => {
    const together = mean(own.map((change, at) => change * other[at]));
    const correlation = together / Math.sqrt(mean(own.map((change) => change ** 2)) * mean(other.map((change) => change ** 2)));
    expect(correlation).toBeGreaterThan(0.4);
    expect(correlation).toBeLessThan(0.8);
  });

  it('trade most at 15 and least in the morning', () => {
    const busiest = arrivalsOfHour.indexOf(Math.max(...arrivalsOfHour));
    const quietest = arrivalsOfHour.indexOf(Math.min(...arrivalsOfHour));
    expect(busiest).toBeGreaterThanOrEqual(13);
    expect(busiest).toBeLessThanOrEqual(17);
    expect(quietest).toBeLessThanOrEqual(9);
    const expected = symbol.tradesPerSecond * (1 + symbol.quotesPerTrade);
    expect(mean(arrivalsOfHour) / expected).toBeGreaterThan(0.75);
    expect(mean(arrivalsOfHour) / expected).toBeLessThan(1.3);
  });

  it('have seconds that hang together', () => {
    const [border] = walk.at(firstHour + days * 24);
    path.draw(border);
    expect(path.price[0]).toBe(border.from.price);
    expect(path.price[3_600]).toBeCloseTo(border.to.price, 12);
  });
});

describe('its randomness', () => {
  it.each([3, 4, 6])('has variance 1 with %i degrees of freedom', (degrees) => {
    const random = new RandomStream(5, 'variance');
    const draws = Float64Array.from({ length: 100_000 }, () => random.studentT(degrees));
    expect(mean(draws)).toBeCloseTo(0, 1);
    // With three, the sample's variance is a heavy-tailed thing itself: the middle half is what can be asked.
    const within = draws.filter((draw) => Math.abs(draw) < { 3: 0.4416, 4: 0.5238, 6: 0.586 }[degrees]!);
    expect(within.length / draws.length).toBeCloseTo(0.5, 1);
  });

  it('is the same for the same words and unrelated for others', () => {
    const draws = (...seed: (number | string)[]): number[] => {
      const random = new RandomStream(...seed);
      return Array.from({ length: 1_000 }, () => random.uniform());
    };
    expect(draws(1, 'BTC-USDT', 5)).toEqual(draws(1, 'BTC-USDT', 5));
    const one = draws(1, 'BTC-USDT', 5);
    for (const other of [draws(2, 'BTC-USDT', 5), draws(1, 'ETH-USDT', 5), draws(1, 'BTC-USDT', 6), draws(1, 'BTC-USDT', 5, 'x')]) {
      const products = one.map((draw, at) => (draw - 0.5) * (other[at] - 0.5) * 12);
      expect(Math.abs(mean(products))).toBeLessThan(0.1);
    }
  });
});
