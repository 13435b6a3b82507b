import { stat } from 'node:fs/promises';
import { HindcastError, type TickKind } from '@hindcast/contracts';
import { barEndUs, instrumentOfKey, type Mark } from '@hindcast/market';
import type { Clock } from '@hindcast/ports';
import { leanDayEnds } from '../lean/lean-feed.js';
import { leanFileAt, leanSeries, type LeanSeries } from '../lean/lean-files.js';
import { LeanLine } from '../lean/lean-line.js';
import { LeanSeriesReader } from '../lean/lean-rows.js';
import { expandPaths, type FoundFile } from './file-paths.js';
import type { FileHints } from './formats/table-format.js';
import { knownFormats, recognise, UnknownFormat, type RecognisedTable } from './recognise.js';
import { scan, type Scan } from './scan.js';
import type { ScratchDatabase } from './scratch-database.js';
import { sortedRows } from './sorted-rows.js';
import { TableReader, ticksOf } from './table-reader.js';
import type { DayEnd, TickReader } from './tick-reader.js';
import { SeveralFiles } from './zip-entry.js';

/** Files that are read one after another, as one. */
export interface PlannedFiles {
  readonly format: string;
  readonly kind: TickKind;
  readonly paths: readonly string[];
  /** Name of a column, and the field that it is. */
  readonly columns: readonly (readonly [string, string])[];
  /** Names of columns that are not read. */
  readonly unreadColumns: readonly string[];
  readonly found: Scan;
  /** In the order of time. */
  readonly open: () => TickReader;
}

export interface FilesPlan {
  readonly files: readonly PlannedFiles[];
  readonly rows: number;
  readonly bytes: number;
  readonly dayEnds: readonly DayEnd[];
  /** Found in a folder or by a pattern beside others, and of no format that is known; texts in a zip beside its table. */
  readonly leftOut: readonly string[];
  /** The same for the same files, unchanged, understood in the same way. */
  readonly key: string;
}

export interface PlanOptions {
  readonly paths: readonly string[];
  readonly hints: FileHints;
  readonly scratch: ScratchDatabase;
  /** For what is of the future. */
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly file: number; readonly files: number; readonly path: string; readonly rows: number }) => void;
}

/**
 * Finds every file, says what it holds, and reads it once from its beginning to its end: what is damaged, cut off or of
 * unknown meaning is told before anything is sent, each file by name, and how many rows there are is known. Files of a
 * format that is not known refuse the whole where somebody named them, and are left out where a folder holds them too.
 */
export async function planFiles(options: PlanOptions): Promise<FilesPlan> {
  const found = await expandPaths(options.paths);
  const broken: HindcastError[] = [];
  const facts: { readonly path: string; readonly size: number; readonly mtimeMs: number }[] = [];
  const lean: LeanSeries[] = [];
  const tables: RecognisedTable[] = [];
  for (const { path } of found) {
    const { size, mtimeMs } = await stat(path);
    await orBroken(broken, async () => {
      const file = await leanFileAt(path);
      if (file) lean.push(file);
      else tables.push(await recognise(path, options.hints, options.scratch));
      facts.push({ path, size, mtimeMs });
    });
  }
  const series = leanSeries(lean);
  const unread = [...series.map(plannedLean), ...tables.map((table) => plannedTable(table, options.scratch))];
  const files = await scanAll(unread, broken, options);
  const leftOut = files.length === 0 ? [] : strangersBeside(found, broken);
  refuseBroken(broken.filter((error) => !leftOut.some((other) => other === error)));
  if (files.every((one) => one.found.rows === 0))
    throw new HindcastError('BODY_INVALID', `there is no row in ${facts.map(({ path }) => path).join(', ')}.`);
  return {
    files: files.filter((one) => one.found.rows > 0),
    rows: files.reduce((sum, one) => sum + one.found.rows, 0),
    bytes: facts.reduce((sum, { size }) => sum + size, 0),
    dayEnds: [...leanDayEnds(series), ...fileEnds(files)].sort((one, other) => one.timeUs - other.timeUs),
    leftOut: [...leftOut.map(({ path }) => path), ...tables.flatMap(textsLeftOut)],
    key: JSON.stringify([facts.map(({ path, size, mtimeMs }) => [path, size, mtimeMs]), options.hints]),
  };
}

type Unread = Omit<PlannedFiles, 'found' | 'open'> & {
  /** As it stands in the file. */
  readonly openToScan: () => TickReader;
  readonly openInOrder: (found: Scan) => TickReader;
  readonly marksItsEnd: boolean;
};

function plannedLean(series: LeanSeries): Unread {
  const open = (): TickReader => new LeanSeriesReader(series, new LeanLine());
  const names = series.kind === 'trades' ? ['price x 10,000', 'size'] : ['bid, ask x 10,000', 'their sizes'];
  const columns = ['time of day', ...names, 'exchange', 'condition', 'suspicious'].map((name) => [name, name] as const);
  const paths = series.files.map(({ path }) => path);
  return {
    format: `LEAN ${series.kind}`,
    kind: series.kind,
    paths,
    columns,
    unreadColumns: [],
    openToScan: open,
    openInOrder: open,
    marksItsEnd: false,
  };
}

function plannedTable({ raw, table }: RecognisedTable, scratch: ScratchDatabase): Unread {
  const { path } = raw;
  const rows = () => ticksOf(raw, table);
  const columns = Object.entries(table.fields).map(
    ([field, at]) => [raw.isNamed ? raw.columns[at] : `column ${raw.columns[at]}`, field] as const,
  );
  const read = new Set(Object.values(table.fields));
  return {
    format: table.format,
    kind: table.kind,
    paths: [path],
    columns,
    unreadColumns: raw.isNamed ? raw.columns.filter((_, at) => !read.has(at)) : [],
    openToScan: () => new TableReader({ path, table, rows, firstUs: 0 }),
    openInOrder: ({ isOrdered, opensUs }) =>
      new TableReader({ path, table, firstUs: opensUs, rows: isOrdered ? rows : () => sortedRows(rows, scratch) }),
    marksItsEnd: true,
  };
}

type Scanned = PlannedFiles & Pick<Unread, 'marksItsEnd'>;

async function scanAll(
  unread: readonly Unread[],
  broken: HindcastError[],
  { clock, onProgress, signal }: PlanOptions,
): Promise<readonly Scanned[]> {
  const files: Scanned[] = [];
  let before = 0;
  for (const [at, { openToScan, openInOrder, ...one }] of unread.entries()) {
    const tell = (rows: number): void => {
      signal?.throwIfAborted();
      onProgress?.({ file: at + 1, files: unread.length, path: one.paths[0], rows: before + rows });
    };
    await orBroken(broken, async () => {
      const found = await scan(openToScan(), { nowUs: clock.nowUs(), tell });
      before += found.rows;
      files.push({ ...one, found, open: () => openInOrder(found) });
    });
  }
  return files;
}

/** A file that cannot go in must not hide the next one. */
async function orBroken(broken: HindcastError[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof HindcastError)) throw error;
    broken.push(error);
  }
}

/** A folder of ticks holds other things too, calendars and bars; only what somebody has named must be of a known format. */
function strangersBeside(found: readonly FoundFile[], broken: readonly HindcastError[]): readonly (UnknownFormat | SeveralFiles)[] {
  const named = new Set(found.filter(({ isNamed }) => isNamed).map(({ path }) => path));
  return broken.filter((error) => error instanceof UnknownFormat || error instanceof SeveralFiles).filter(({ path }) => !named.has(path));
}

function textsLeftOut({ raw: { path, beside } }: RecognisedTable): readonly string[] {
  return beside === undefined ? [] : [`${path}: ${beside}`];
}

function refuseBroken(broken: readonly HindcastError[]): void {
  if (broken.length === 0) return;
  const known = broken.some((error) => error instanceof UnknownFormat) ? [`Known are: ${knownFormats.join('; ')}.`] : [];
  throw new HindcastError(broken[0].code, [...brokenText(broken), ...known, 'Nothing was sent.'].join(broken.length > 1 ? '\n' : ' '), {
    cause: broken[0],
  });
}

/** One in a sentence, several as a list. */
function brokenText(broken: readonly HindcastError[]): readonly string[] {
  if (broken.length === 1) return [broken[0].message];
  const shown = broken.slice(0, brokenShown).map(({ message }) => `  ${message}`);
  const more = broken.length > brokenShown ? [`  and ${broken.length - brokenShown} more`] : [];
  return [`${broken.length} files cannot go in:`, ...shown, ...more];
}

const brokenShown = 10;

/** A file's end closes the bar of its last trade: what is read later may go on with the next second. */
function fileEnds(files: readonly Scanned[]): readonly DayEnd[] {
  const lastUs = new Map<string, number>();
  for (const { found, marksItsEnd } of files) {
    if (!marksItsEnd) continue;
    for (const [key, timeUs] of found.lastTradeUs) lastUs.set(key, Math.max(lastUs.get(key) ?? 0, timeUs));
  }
  return [...lastUs].map(([key, timeUs]) => {
    const mark: Mark = { ...instrumentOfKey(key), timeUs: barEndUs(timeUs) };
    return { timeUs: mark.timeUs, marks: [mark] };
  });
}
