import { usFromIso } from '@hindcast/contracts';
import { sideCodes } from '@hindcast/market';
import type { LiveQuote, LiveTrade } from '../live/live-ticks.js';
import type { GapQuestion } from '../live/trade-sequence.js';
import type { MarketType } from '../symbols/unified-symbol.js';
import type { CcxtExchange, CcxtTicker, CcxtTrade } from './ccxt-exchange.js';
import type { VenueName } from './venue-names.js';

/** What differs from exchange to exchange beneath ccxt's one form. */
export interface Venue {
  readonly marketTypes: readonly MarketType[];
  /** Whether trade ids of a symbol count through without a hole. */
  readonly isCounted: boolean;
  /** Whether top-of-book updates come through `watchBidsAsks`, else through the ticker. */
  readonly hasBidsAsks: boolean;
  /** ccxt's option that keeps it from loading every market that the exchange has. */
  readonly options: (marketType: MarketType) => Readonly<Record<string, unknown>>;
  /** More exact than ccxt's milliseconds, where the exchange is. */
  readonly tradeTimeUs?: (info: unknown) => number | undefined;
  /** Trades that one message stands for. */
  readonly tradesIn?: (info: unknown) => number;
  /** The exchange names the maker's side; we want the taker's. */
  readonly namesMaker?: boolean;
  /** Trades after one, oldest first, as far as the exchange still shows them. */
  readonly history: (exchange: CcxtExchange, unified: string, question: GapQuestion) => Promise<readonly CcxtTrade[]>;
}

const text = (info: unknown, field: string | number): string | undefined => {
  const value: unknown = typeof info === 'object' && info !== null ? Reflect.get(info, field) : undefined;
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
};

/** Pages that are asked for one hole at most: more would be an import. */
const pagesMax = 20;

const typesOption = (types: readonly string[]) => ({ fetchMarkets: { types } });

export const venues: Readonly<Record<VenueName, Venue>> = {
  binance: {
    marketTypes: ['spot', 'linear', 'inverse'],
    isCounted: true,
    hasBidsAsks: true,
    options: (marketType) => typesOption([marketType]),
    // The newest thousand raw trades: older ones want a key, and the aggregated ones, which do not, have other ids.
    history: (exchange, unified) => exchange.fetchTrades(unified, undefined, 1_000, { fetchTradesMethod: rawTradesOf(unified) }),
  },
  coinbase: {
    marketTypes: ['spot'],
    isCounted: true,
    hasBidsAsks: false,
    options: () => ({}),
    tradeTimeUs: (info) => usFromIso(text(info, 'time') ?? ''),
    namesMaker: true,
    history: (exchange, unified) => exchange.fetchTrades(unified, undefined, 1_000),
  },
  kraken: {
    marketTypes: ['spot'],
    isCounted: true,
    hasBidsAsks: true,
    options: () => ({}),
    // ISO on the socket; seconds in the list that REST gives, whose nanoseconds a double rounds by one microsecond at most.
    tradeTimeUs: (info) => (Array.isArray(info) ? secondsToUs(text(info, 2)) : usFromIso(text(info, 'timestamp') ?? '')),
    history: krakenHistory,
  },
  okx: {
    marketTypes: ['spot', 'linear', 'inverse'],
    isCounted: true,
    hasBidsAsks: true,
    options: (marketType) => typesOption(marketType === 'spot' ? ['spot'] : ['swap', 'future']),
    tradesIn: (info) => Number(text(info, 'count') ?? 1),
    history: okxHistory,
  },
  bybit: {
    marketTypes: ['spot', 'linear', 'inverse'],
    isCounted: false,
    hasBidsAsks: true,
    options: (marketType) => typesOption([marketType]),
    history: (exchange, unified) => exchange.fetchTrades(unified, undefined, unified.includes(':') ? 1_000 : 60),
  },
};

function rawTradesOf(unified: string): string {
  const [pair, settle] = unified.split(':');
  if (settle === undefined) return 'publicGetTrades';
  return pair.endsWith(`/${settle.split('-')[0]}`) ? 'fapiPublicGetTrades' : 'dapiPublicGetTrades';
}

/** Pages of a thousand, forwards in time. */
async function krakenHistory(
  exchange: CcxtExchange,
  unified: string,
  { after, throughNumber }: GapQuestion,
): Promise<readonly CcxtTrade[]> {
  const found: CcxtTrade[] = [];
  let sinceMs = Math.floor(after.timeUs / 1_000_000) * 1_000;
  for (let page = 0; page < pagesMax; page++) {
    const trades = await exchange.fetchTrades(unified, sinceMs, 1_000);
    found.push(...trades);
    const newest = trades.at(-1);
    const newestMs = Math.floor((newest?.timestamp ?? 0) / 1_000) * 1_000;
    if (!newest || trades.length < 1_000 || Number(newest.id) >= (throughNumber ?? Infinity) || newestMs <= sinceMs) break;
    sinceMs = newestMs;
  }
  return found;
}

/** Pages of a hundred, backwards by trade id from the end of the hole; without an end, the newest five hundred. */
async function okxHistory(exchange: CcxtExchange, unified: string, question: GapQuestion): Promise<readonly CcxtTrade[]> {
  const { after, throughNumber } = question;
  if (throughNumber === undefined) return exchange.fetchTrades(unified, undefined, 500);
  const found: CcxtTrade[] = [];
  let beforeNumber = throughNumber + 1;
  for (let page = 0; page < pagesMax && beforeNumber > after.number + 1; page++) {
    const params = { method: 'publicGetMarketHistoryTrades', type: '1', after: String(beforeNumber) };
    const trades = await exchange.fetchTrades(unified, undefined, 100, params);
    found.unshift(...trades);
    const oldest = Math.min(...trades.map(({ id }) => Number(id)));
    if (!(oldest < beforeNumber)) break;
    beforeNumber = oldest;
  }
  return found;
}

/** Decimal seconds to microseconds, by their digits: multiplied, they would be off now and then. */
function secondsToUs(seconds: string | undefined): number | undefined {
  const match = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(seconds ?? '');
  return match ? Number(match[1]) * 1_000_000 + Number((match[2] ?? '').slice(0, 6).padEnd(6, '0')) : undefined;
}

/** Undefined for what is no trade: garbage is passed over, and a hole in the ids tells of it. */
export function liveTrade(venue: Venue, trade: CcxtTrade): LiveTrade | undefined {
  const { id = '', timestamp = NaN, price = NaN, amount: size = NaN, info } = trade;
  const timeUs = venue.tradeTimeUs?.(info) ?? Math.round(timestamp * 1_000);
  const number = venue.isCounted ? Number(id) : NaN;
  const isIdentified = id !== '' && (!venue.isCounted || Number.isSafeInteger(number));
  if (!isIdentified || !Number.isSafeInteger(timeUs) || !(price > 0) || !(size > 0)) return undefined;
  const count = venue.tradesIn?.(info) ?? 1;
  const firstNumber = number - (count > 1 ? count - 1 : 0);
  return { id, number, firstNumber, timeUs, price, size, side: takerSide(venue, trade.side), exchange: '', conditions: '' };
}

function takerSide({ namesMaker = false }: Venue, side: string | undefined): number {
  if (side !== 'buy' && side !== 'sell') return sideCodes.none;
  return (side === 'buy') === namesMaker ? sideCodes.sell : sideCodes.buy;
}

/** The id is the exchange's own number of the update, or else what the quote says: what comes twice is then one quote. */
export function liveQuote({ timestamp, bid, bidVolume, ask, askVolume, info }: CcxtTicker): LiveQuote | undefined {
  const sides = { bid: positive(bid), bidSize: sized(bid, bidVolume), ask: positive(ask), askSize: sized(ask, askVolume) };
  if (Number.isNaN(sides.bid) && Number.isNaN(sides.ask)) return undefined;
  const exactUs = usFromIso(text(info, 'timestamp') ?? '');
  const timeUs = exactUs ?? (timestamp === undefined ? undefined : Math.round(timestamp * 1_000));
  const told = `${sides.bid}x${sides.bidSize}/${sides.ask}x${sides.askSize}`.slice(0, 64);
  return { id: text(info, 'u') ?? text(info, 'seqId') ?? told, timeUs, ...sides, exchange: '', conditions: '' };
}

function positive(price: number | undefined): number {
  return price !== undefined && price > 0 ? price : NaN;
}

function sized(price: number | undefined, size: number | undefined): number {
  return Number.isNaN(positive(price)) || size === undefined || !(size >= 0) ? NaN : size;
}
