import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { HindcastError, type TickKind } from '@hindcast/contracts';
import { isSymbol } from '@hindcast/market';
import { leanMarkets, type LeanMarket, type ReadLine } from './lean-format.js';
import { daysBetween, type PlaceDay } from './new-york-time.js';
import { unpackedBytes } from '../files/zip-entry.js';

/** What is asked for; days are the market's own, both included. */
export interface LeanSelection {
  readonly dataDir: string;
  readonly symbols: readonly string[];
  /** yyyy-mm-dd. */
  readonly fromDay: string;
  readonly toDay: string;
  readonly kinds: readonly TickKind[];
}

/** One day of one kind of ticks of one instrument. */
export interface LeanFile {
  readonly path: string;
  readonly day: string;
  /** yyyymmdd as a number. */
  readonly dayDigits: number;
  readonly place: PlaceDay;
  readonly bytes: number;
}

/** The files of one kind of ticks of one instrument, day by day. */
export interface LeanSeries {
  readonly market: string;
  readonly symbol: string;
  readonly kind: TickKind;
  readonly read: ReadLine;
  readonly files: readonly LeanFile[];
}

/** A day without a file: a weekend, a holiday, or data that was never there. */
export interface LeanGap {
  readonly symbol: string;
  readonly kind: TickKind;
  readonly day: string;
}

export interface LeanPlan {
  readonly series: readonly LeanSeries[];
  readonly gaps: readonly LeanGap[];
  readonly files: number;
  /** Unpacked. */
  readonly bytes: number;
}

/** Files are held open side by side, one a series. */
const seriesMax = 400;
const daysMax = 40_000;

/** Finds every file; a symbol without any is an error that lists all such symbols and where they were looked for. */
export async function planLean(selection: LeanSelection): Promise<LeanPlan> {
  const { symbols, fromDay, toDay, kinds } = checked(selection);
  const days = daysBetween({ fromDay, toDay });
  const series: LeanSeries[] = [];
  const gaps: LeanGap[] = [];
  const missing: string[] = [];
  for (const symbol of [...new Set(symbols)].sort()) {
    const found = await seriesOf({ selection, symbol, days });
    if (found.length === 0) missing.push(symbol);
    series.push(...found);
    for (const kind of kinds) {
      const present = new Set(found.filter((one) => one.kind === kind).flatMap(({ files }) => files.map(({ day }) => day)));
      gaps.push(...days.filter((day) => !present.has(day)).map((day) => ({ symbol, kind, day })));
    }
  }
  if (missing.length > 0) throw noFiles(selection, missing);
  if (series.length > seriesMax)
    throw new HindcastError('FIELD_INVALID', `symbols: ${series.length} series of files at once; at most ${seriesMax} are read.`);
  const files = series.flatMap((one) => one.files);
  return { series, gaps, files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

function checked(selection: LeanSelection): LeanSelection {
  const { symbols, fromDay, toDay, kinds } = selection;
  const bad = symbols.filter((symbol) => !isSymbol(symbol));
  if (bad.length > 0)
    throw new HindcastError('FIELD_INVALID', `symbols: ${bad.join(', ')}: a symbol must match [A-Z0-9][A-Z0-9.:-]{0,31}.`);
  if (symbols.length === 0) throw new HindcastError('FIELD_INVALID', 'symbols: name at least one.');
  if (kinds.length === 0) throw new HindcastError('FIELD_INVALID', 'kinds: name trades, quotes or both.');
  for (const [name, day] of Object.entries({ from: fromDay, to: toDay })) {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(day)))
      throw new HindcastError('FIELD_INVALID', `${name}: ${day} is not a day; write yyyy-mm-dd.`);
  }
  if (fromDay > toDay) throw new HindcastError('FIELD_INVALID', `from: ${fromDay} comes after to: ${toDay}.`);
  const days = (Date.parse(toDay) - Date.parse(fromDay)) / 86_400_000;
  if (days >= daysMax)
    throw new HindcastError('FIELD_INVALID', `from, to: ${days} days are more than the ${daysMax} that are read at once.`);
  return selection;
}

const leanPath = /(?:^|[/\\])((?:[a-z0-9]+[/\\]){2}tick)[/\\]([^/\\]+)[/\\](\d{4})(\d{2})(\d{2})_(trade|quote)\.zip$/i;

/** What LEAN keeps at this path; undefined where LEAN keeps nothing we read at such a one. */
export async function leanFileAt(path: string): Promise<LeanSeries | undefined> {
  const [, folder = '', name = '', year, month, dayOfMonth, kindName] = leanPath.exec(path) ?? [];
  const market = leanMarkets.find((one) => one.folder === folder.replaceAll('\\', '/').toLowerCase());
  const kind: TickKind = kindName?.toLowerCase() === 'quote' ? 'quotes' : 'trades';
  const read = market?.kinds[kind];
  const symbol = name.toUpperCase();
  const day = `${year}-${month}-${dayOfMonth}`;
  if (!market || !read || !isSymbol(symbol) || Number.isNaN(Date.parse(day))) return undefined;
  const dayDigits = Number(day.replaceAll('-', ''));
  const file = { path, day, dayDigits, place: market.dayOf(day), bytes: await unpackedBytes(path) };
  return { market: market.market, symbol, kind, read, files: [file] };
}

/** Files of one instrument and kind as one series, day by day. */
export function leanSeries(files: readonly LeanSeries[]): readonly LeanSeries[] {
  const groups = Map.groupBy(files, ({ market, symbol, kind }) => `${market} ${symbol} ${kind}`);
  return [...groups.values()].map((group) => ({
    ...group[0],
    files: group.flatMap((one) => one.files).toSorted((one, other) => one.dayDigits - other.dayDigits),
  }));
}

interface SymbolSearch {
  readonly selection: LeanSelection;
  readonly symbol: string;
  readonly days: readonly string[];
}

async function seriesOf({ selection, symbol, days }: SymbolSearch): Promise<readonly LeanSeries[]> {
  const found: LeanSeries[] = [];
  for (const market of leanMarkets) {
    const folder = join(selection.dataDir, market.folder, symbol.toLowerCase());
    if (!(await exists(folder))) continue;
    for (const kind of selection.kinds) {
      const read = market.kinds[kind];
      const files = read ? await filesIn({ folder, market, kind, days }) : [];
      if (read && files.length > 0) found.push({ market: market.market, symbol, kind, read, files });
    }
  }
  return found;
}

interface FolderSearch {
  readonly folder: string;
  readonly market: LeanMarket;
  readonly kind: TickKind;
  readonly days: readonly string[];
}

async function filesIn({ folder, market, kind, days }: FolderSearch): Promise<readonly LeanFile[]> {
  const files: LeanFile[] = [];
  for (const day of days) {
    const path = join(folder, `${day.replaceAll('-', '')}_${kind === 'trades' ? 'trade' : 'quote'}.zip`);
    if (await exists(path))
      files.push({ path, day, dayDigits: Number(day.replaceAll('-', '')), place: market.dayOf(day), bytes: await unpackedBytes(path) });
  }
  return files;
}

function noFiles({ dataDir, fromDay, toDay }: LeanSelection, missing: readonly string[]): HindcastError {
  const looked = leanMarkets.map(({ folder }) =>
    join(dataDir, folder, missing[0].toLowerCase(), `${fromDay.replaceAll('-', '')}_{trade,quote}.zip`),
  );
  return new HindcastError(
    'FIELD_INVALID',
    `symbols: no file of ${missing.join(', ')} from ${fromDay} to ${toDay}; for ${missing[0]} such as ${looked.join(' or ')} were looked for.`,
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
