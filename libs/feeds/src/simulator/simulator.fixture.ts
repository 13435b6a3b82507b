import { textAt, wordAt, type TickBatch } from '@hindcast/market';
import { SimulatedMarket, type SimulatedMarketOptions } from './simulated-market.js';
import { simulatedSymbol } from './simulated-symbol.js';

/** A Monday soon after the beginning: every hour since then has to be walked through. */
export const fromUs = Date.parse('2020-01-06T00:00:00Z') * 1_000;

export function marketOf(overrides: Partial<SimulatedMarketOptions> = {}): SimulatedMarket {
  const symbols = ['BTC-USDT', 'ETH-USDT', 'ALPHA-USDT'].map((symbol) => simulatedSymbol({ symbol }));
  return new SimulatedMarket({ seed: 1, market: 'simulated/spot', symbols, fromUs, batchRows: 1_000, ...overrides });
}

export function* batchesUntil(market: SimulatedMarket, untilUs: number): Generator<TickBatch> {
  for (let batch = market.take(untilUs, 0); batch; batch = market.take(untilUs, 0)) yield batch;
}

/** What batches say, row by row in their order. */
export function rowsTold(batches: Iterable<TickBatch>): string[] {
  const told: string[] = [];
  for (const { trades, quotes } of batches) {
    const lines: string[] = [];
    for (let row = 0; row < trades.length; row++) {
      const { timeUs, symbol, price, size, side, id, source, market } = trades;
      lines[trades.sequence[row]] =
        `trade ${wordAt(market, row)} ${wordAt(symbol, row)} ${timeUs[row]} ${price[row]} ${size[row]} ${side[row]} ${textAt(id, row)} ${wordAt(source, row)}`;
    }
    for (let row = 0; row < quotes.length; row++) {
      const { timeUs, symbol, bid, bidSize, ask, askSize, id } = quotes;
      lines[quotes.sequence[row]] =
        `quote ${wordAt(symbol, row)} ${timeUs[row]} ${bid[row]} ${bidSize[row]} ${ask[row]} ${askSize[row]} ${textAt(id, row)}`;
    }
    told.push(...lines);
  }
  return told;
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at];
  return sum / values.length;
}

export function variance(values: ArrayLike<number>): number {
  const center = mean(values);
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += (values[at] - center) ** 2;
  return sum / values.length;
}

/** Sample autocorrelation at a lag. */
export function autocorrelation(values: ArrayLike<number>, lag: number): number {
  const center = mean(values);
  let variance = 0;
  let covariance = 0;
  for (let at = 0; at < values.length; at++) {
    const distance = values[at] - center;
    variance += distance * distance;
    if (at >= lag) covariance += distance * (values[at - lag] - center);
  }
  return covariance / variance;
}

export function kurtosis(values: ArrayLike<number>): number {
  const center = mean(values);
  let second = 0;
  let fourth = 0;
  for (let at = 0; at < values.length; at++) {
    const square = (values[at] - center) ** 2;
    second += square;
    fourth += square * square;
  }
  return (fourth * values.length) / (second * second);
}
