import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { instrumentKey, isMarket, isSymbol, type Instrument } from '@hindcast/market';

/** Venue, market type, symbol. */
const instrumentDepth = 3;

/** Names that Windows keeps for devices, whatever follows a dot. */
const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=$|\.)/i;

/**
 * Where an instrument's files lie below the store's folder: `usa/equity/SPY`. What a file system would not take as it stands
 * is written as in a URL: `BTC:PERP` as `BTC%3APERP`, a last dot as `%2E`, the first letter of a device's name by its number.
 * No two instruments have one folder, also where case makes no difference.
 */
export function instrumentFolder({ market, symbol }: Instrument): string {
  if (!isMarket(market) || !isSymbol(symbol)) throw new RangeError(`${market} ${symbol} is no instrument`);
  return join(...market.split('/').map(folderName), folderName(symbol));
}

/** The instrument whose folder this is, undefined where it is none's. */
export function instrumentOfFolder(folder: string): Instrument | undefined {
  const [venue, marketType, symbolFolder, ...rest] = folder.split(sep);
  if (symbolFolder === undefined || rest.length > 0) return undefined;
  const instrument = { market: `${nameOf(venue)}/${nameOf(marketType)}`, symbol: nameOf(symbolFolder) };
  if (!isMarket(instrument.market) || !isSymbol(instrument.symbol)) return undefined;
  return instrumentFolder(instrument) === folder ? instrument : undefined;
}

/** Every instrument below the store's folder that has a file of this name, in the order of market and symbol. */
export async function instrumentsWith(fileName: string, root: string): Promise<readonly Instrument[]> {
  const found: Instrument[] = [];
  for (const folder of await foldersBelow(root, '', instrumentDepth)) {
    const instrument = instrumentOfFolder(folder);
    if (instrument && (await isFile(join(root, folder, fileName)))) found.push(instrument);
  }
  return found.toSorted((a, b) => (instrumentKey(a) < instrumentKey(b) ? -1 : 1));
}

/** Folders elsewhere that links below the store's folder lead to, at any level down to an instrument's file. */
export async function linkedFolders(root: string, depth = instrumentDepth + 1): Promise<readonly string[]> {
  const entries = depth === 0 ? [] : await readdir(root, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries.map(async (entry): Promise<readonly string[]> => {
      const path = join(root, entry.name);
      if (entry.isDirectory()) return linkedFolders(path, depth - 1);
      const target = entry.isSymbolicLink() ? await realpath(path).catch(() => undefined) : undefined;
      if (target === undefined) return [];
      return (await isFile(target)) ? [dirname(target)] : [target, ...(await linkedFolders(target, depth - 1))];
    }),
  );
  return found.flat();
}

export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function foldersBelow(root: string, folder: string, depth: number): Promise<readonly string[]> {
  if (depth === 0) return [folder];
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink());
  return (await Promise.all(folders.map(({ name }) => foldersBelow(root, join(folder, name), depth - 1)))).flat();
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
