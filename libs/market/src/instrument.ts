/** What is traded, and where: `usa/equity` + `SPY`, `binance/spot` + `BTC-USDT`. */
export interface Instrument {
  readonly market: string;
  readonly symbol: string;
}

const symbolPattern = /^[A-Z0-9][A-Z0-9.:-]{0,31}$/;
const marketPattern = /^[a-z0-9][a-z0-9-]{0,31}\/[a-z0-9][a-z0-9-]{0,31}$/;
const exchangePattern = /^[A-Za-z0-9._-]{1,16}$/;

export function isSymbol(text: string): boolean {
  return symbolPattern.test(text);
}

export function isMarket(text: string): boolean {
  return marketPattern.test(text);
}

/** An exchange is a letter for US stocks, a short name elsewhere; empty where the source names none. */
export function isExchange(text: string): boolean {
  return text === '' || exchangePattern.test(text);
}

/** One string for maps and files; a space occurs in neither part. */
export function instrumentKey({ market, symbol }: Instrument): string {
  return `${market} ${symbol}`;
}

export function instrumentOfKey(key: string): Instrument {
  const space = key.indexOf(' ');
  return { market: key.slice(0, space), symbol: key.slice(space + 1) };
}
