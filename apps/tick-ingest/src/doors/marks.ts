import { HindcastError, usFromIso } from '@hindcast/contracts';
import { isMarket, isSymbol, type Mark } from '@hindcast/market';

/** A mark in the future would make every later trade late, for ever: it is refused with its whole request. */
export function parseMark({ market, symbol, timeUs }: Mark, latestUs: number): Mark {
  if (!isMarket(market)) throw new HindcastError('FIELD_INVALID', `marks.market is ${JSON.stringify(market)}; it must be as usa/equity`);
  if (!isSymbol(symbol))
    throw new HindcastError('FIELD_INVALID', `marks.symbol is ${JSON.stringify(symbol)}; it must match [A-Z0-9][A-Z0-9.:-]{0,31}`);
  if (!Number.isSafeInteger(timeUs) || timeUs < 0 || timeUs > latestUs) {
    throw new HindcastError(
      'FIELD_INVALID',
      `marks.time_us is ${timeUs}; it must be whole microseconds since the epoch and not in the future`,
    );
  }
  return { market, symbol, timeUs };
}

/** `{market, symbol, timestamp}` of JSON, where a timestamp is spelled as that of a trade. */
export function parseJsonMark(
  value: unknown,
  { defaultMarket, latestUs }: { readonly defaultMarket: string; readonly latestUs: number },
): Mark {
  if (typeof value !== 'object' || value === null)
    throw new HindcastError('FIELD_INVALID', 'marks must be a list of {market, symbol, timestamp}');
  const { market = defaultMarket, symbol, timestamp, ...unknown } = value as Readonly<Record<string, unknown>>;
  const [unknownField] = Object.keys(unknown);
  if (unknownField !== undefined)
    throw new HindcastError('FIELD_INVALID', `${unknownField} is not a field of a mark; allowed are market, symbol, timestamp`);
  const timeUs = typeof timestamp === 'string' ? usFromIso(timestamp) : timestamp;
  return parseMark({ market: textOf(market), symbol: textOf(symbol), timeUs: typeof timeUs === 'number' ? timeUs : NaN }, latestUs);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
