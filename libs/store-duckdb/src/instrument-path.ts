import { join, sep } from 'node:path';
import { isMarket, isSymbol, type Instrument } from '@hindcast/market';

export const databaseFileName = 'trading.duckdb';

/** Names that Windows keeps for devices, whatever follows a dot. */
const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=$|\.)/i;

/**
 * Where an instrument's file lies below the store's folder: `usa/equity/SPY/trading.duckdb`. What a file system would not
 * take as it stands is written as in a URL: `BTC:PERP` as `BTC%3APERP`, a last dot as `%2E`, the first letter of a device's
 * name by its number. No two instruments have one path, also where case makes no difference.
 */
export function instrumentPath({ market, symbol }: Instrument): string {
  if (!isMarket(market) || !isSymbol(symbol)) throw new RangeError(`${market} ${symbol} is no instrument`);
  return join(...market.split('/').map(folderName), folderName(symbol), databaseFileName);
}

/** The instrument whose file has this path, undefined where none has. */
export function instrumentOfPath(path: string): Instrument | undefined {
  const [venue, marketType, symbolFolder, file, ...rest] = path.split(sep);
  if (file !== databaseFileName || rest.length > 0) return undefined;
  const instrument = { market: `${nameOf(venue)}/${nameOf(marketType)}`, symbol: nameOf(symbolFolder) };
  if (!isMarket(instrument.market) || !isSymbol(instrument.symbol)) return undefined;
  return instrumentPath(instrument) === path ? instrument : undefined;
}

function folderName(name: string): string {
  const escaped = name.replaceAll(':', escape).replace(/\.$/, escape);
  return deviceName.test(escaped) ? escaped.replace(/^./, escape) : escaped;
}

function nameOf(folder: string): string {
  return folder.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function escape(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
