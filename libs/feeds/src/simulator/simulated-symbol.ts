import { RandomStream } from './random-stream.js';

/** What a simulated instrument is like; everything else follows from the seed. */
export interface SimulatedSymbol {
  readonly symbol: string;
  /** Where its price begins, and what it is drawn back to over months. */
  readonly price: number;
  /** Of a year: 0.6 is a standard deviation of 60 %. */
  readonly volatility: number;
  /** Of trades, over day and regimes. */
  readonly tradesPerSecond: number;
  readonly quotesPerTrade: number;
  /** Ask less bid, in hundredths of a per cent of the price, where volatility is usual. */
  readonly spreadBps: number;
  /** Mean, in units of the base currency. */
  readonly tradeSize: number;
  readonly priceDecimals: number;
  readonly sizeDecimals: number;
}

const known: Readonly<Record<string, Pick<SimulatedSymbol, 'price' | 'volatility' | 'spreadBps' | 'tradeSize'>>> = {
  'BTC-USDT': { price: 60_000, volatility: 0.55, spreadBps: 0.8, tradeSize: 0.05 },
  'ETH-USDT': { price: 3_000, volatility: 0.7, spreadBps: 1, tradeSize: 0.8 },
  'SOL-USDT': { price: 150, volatility: 0.9, spreadBps: 1.5, tradeSize: 12 },
};

const defaultTradesPerSecond = 2;
const defaultQuotesPerTrade = 2;
/** The smallest step of a price is near a hundredth of a per cent of a per cent of it: 0.01 for 3,000. */
const decimalsOfPrice = (price: number): number => Math.min(8, Math.max(0, 5 - Math.floor(Math.log10(price))));

type GivenSymbol = { readonly symbol: string } & { readonly [Name in Exclude<keyof SimulatedSymbol, 'symbol'>]?: number | undefined };

/** A symbol with what was left out filled in: as one knows the great ones, and drawn from its name for any other. */
export function simulatedSymbol({ symbol, ...given }: GivenSymbol): SimulatedSymbol {
  const base = known[symbol] ?? drawn(symbol);
  const price = given.price ?? base.price;
  const tradeSize = given.tradeSize ?? base.tradeSize;
  return {
    symbol,
    ...base,
    tradesPerSecond: defaultTradesPerSecond,
    quotesPerTrade: defaultQuotesPerTrade,
    priceDecimals: decimalsOfPrice(price),
    sizeDecimals: decimalsOfPrice(tradeSize),
    // What is undefined was left out.
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

function drawn(symbol: string): Pick<SimulatedSymbol, 'price' | 'volatility' | 'spreadBps' | 'tradeSize'> {
  const random = new RandomStream(symbol);
  const price = Number((5 * 100 ** random.uniform()).toPrecision(3));
  const volatility = 0.2 + 0.6 * random.uniform();
  return { price, volatility, spreadBps: 1 + 3 * random.uniform(), tradeSize: Number((3_000 / price).toPrecision(2)) };
}
