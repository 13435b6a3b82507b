import { HindcastError } from '@hindcast/contracts';
import { isSymbol, type Instrument } from '@hindcast/market';

/**
 * How a contract settles, as exchanges name it: `linear` in the quote currency, `inverse` in the base. A dated future is
 * of the same type as the perpetual, and its symbol ends with its day.
 */
export const marketTypes = ['spot', 'linear', 'inverse'] as const;
export type MarketType = (typeof marketTypes)[number];

export interface MarketSymbol {
  readonly marketType: MarketType;
  /** `BTC-USDT`, `BTC-USDT-261225`. */
  readonly symbol: string;
}

/** `BASE/QUOTE`, `BASE/QUOTE:SETTLE`, `BASE/QUOTE:SETTLE-YYMMDD`. */
const unifiedPattern = /^([^/:-]+)\/([^/:-]+)(?::([^/:-]+)(?:-(\d{6}))?)?$/;
const symbolPattern = /^([A-Z0-9.]+)-([A-Z0-9.]+)(?:-(\d{6}))?$/;

/**
 * ccxt's name of a market as ours: `BTC/USDT` is `BTC-USDT` of type spot, `BTC/USDT:USDT` is `BTC-USDT` of type linear.
 * Undefined for what has no name here: options, contracts that settle in a third currency, letters beyond A to Z.
 */
export function fromUnified(unified: string): MarketSymbol | undefined {
  const match = unifiedPattern.exec(unified);
  if (!match) return undefined;
  const [, base, quote, settle, day] = match;
  const symbol = [base, quote, ...(day === undefined ? [] : [day])].join('-');
  const marketType = settle === undefined ? 'spot' : settle === quote ? 'linear' : settle === base ? 'inverse' : undefined;
  return marketType === undefined || !isSymbol(symbol) || !symbolPattern.test(symbol) ? undefined : { marketType, symbol };
}

/** The other way. Throws FIELD_INVALID for a symbol that is none of a crypto exchange. */
export function toUnified({ marketType, symbol }: MarketSymbol): string {
  const match = isSymbol(symbol) ? symbolPattern.exec(symbol) : null;
  if (!match) throw new HindcastError('FIELD_INVALID', `symbol is ${JSON.stringify(symbol)}; it must be as BTC-USDT or BTC-USDT-261225`);
  const [, base, quote, day] = match;
  if (marketType !== 'spot') return `${base}/${quote}:${marketType === 'linear' ? quote : base}${day === undefined ? '' : `-${day}`}`;
  if (day === undefined) return `${base}/${quote}`;
  throw new HindcastError('FIELD_INVALID', `symbol is ${symbol}; a spot market has no day of delivery`);
}

/** Where it is traded and what: `binance/spot` + `BTC-USDT`. */
export function instrumentAt(venue: string, { marketType, symbol }: MarketSymbol): Instrument {
  return { market: `${venue}/${marketType}`, symbol };
}
