import { isMarket, isSymbol, type Instrument } from '@hindcast/market';
import type { TimestampUnit } from '../field-text.js';
import type { RawTable } from '../raw-table.js';
import type { TickField, TickTable } from '../tick-table.js';

/** What the person who imports says of the files; it goes before what is guessed. */
export interface FileHints {
  /** Field to the name of its column, or its number from 1. */
  readonly columns?: Readonly<Partial<Record<TickField, string>>>;
  readonly timestampUnit?: TimestampUnit;
  readonly symbol?: string;
  readonly market?: string;
  readonly source?: string;
}

/** One way in which tables are written; undefined where this table is not written so. */
export type TableFormat = (raw: RawTable, hints: FileHints) => TickTable | undefined;

/** Columns by the names that a format has for fields; undefined where a required one is missing. */
export function fieldsByName(
  { columns }: RawTable,
  names: Readonly<Partial<Record<TickField, string>>>,
): Readonly<Partial<Record<TickField, number>>> | undefined {
  const entries = Object.entries(names).map(([field, name]) => [field, columns.indexOf(name)] as const);
  return entries.some(([, at]) => at < 0) ? undefined : Object.fromEntries(entries);
}

/** Quotes of crypto pairs whose exchange writes them without a gap, the longer ones first. */
const quoteAssets = [
  'FDUSD',
  'USDT',
  'USDC',
  'BUSD',
  'TUSD',
  'USDP',
  'DAI',
  'EUR',
  'TRY',
  'BRL',
  'GBP',
  'AUD',
  'JPY',
  'BTC',
  'ETH',
  'BNB',
  'USD',
];

/** `BTCUSDT` as `BTC-USDT`, `BTCUSD_PERP` as `BTC-USD`, `BTCUSDT_261225` as `BTC-USDT-261225`: as live feeds name them. */
export function pairSymbol(text: string): string | undefined {
  const [pair, contract = ''] = text.toUpperCase().split('_');
  // A base has three letters at least where the quote has four: XBTUSD is XBT in USD, and not XB in TUSD.
  const quote = quoteAssets.find((asset) => pair.endsWith(asset) && pair.length >= asset.length + (asset.length > 3 ? 3 : 1));
  const parts = [...(quote === undefined ? [pair] : [pair.slice(0, -quote.length), quote])];
  if (/^\d{6}$/.test(contract)) parts.push(contract);
  else if (contract !== '' && contract !== 'PERP') parts.push(contract);
  return plainSymbol(parts.join('-'));
}

/** A symbol in our letters: upper case, and a hyphen where others write a slash, an underscore or a blank. */
export function plainSymbol(text: string): string | undefined {
  const symbol = text.trim().toUpperCase().replaceAll(/[/_ ]/g, '-');
  return isSymbol(symbol) ? symbol : undefined;
}

/** What a person says, before what the file says. */
export function hinted(
  { market, symbol }: FileHints,
  { market: ownMarket, symbol: ownSymbol }: Partial<Instrument>,
): Instrument | undefined {
  const instrument = { market: market ?? ownMarket ?? '', symbol: symbol ?? ownSymbol ?? '' };
  return isMarket(instrument.market) && isSymbol(instrument.symbol) ? instrument : undefined;
}
