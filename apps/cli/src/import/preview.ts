import { isoFromUs } from '@hindcast/contracts';
import type { FilesPlan, PlannedFiles, SampleRow } from '@hindcast/feeds';
import { instrumentOfKey, sideNames } from '@hindcast/market';
import { bytes, whole } from '../format/quantities.js';

/** Files that are understood alike. */
interface Understood {
  readonly format: string;
  readonly files: number;
  readonly rows: number;
  readonly unreadable: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly markets: readonly string[];
  readonly symbols: readonly string[];
  /** Files whose rows are put in the order of time first. */
  readonly unordered: number;
  readonly columns: readonly (readonly [string, string])[];
  readonly unread_columns: readonly string[];
  readonly rows_as_understood: readonly string[];
  readonly first_unreadable: string | null;
}

export interface Preview {
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
  readonly formats: readonly Understood[];
  /** Files of a format that is not known, in a folder beside the others; texts beside the table in a zip. */
  readonly left_out: readonly string[];
}

const groupsShown = 12;
const symbolsShown = 12;
const leftOutShown = 3;
const unreadShown = 12;

export function previewOf({ files, rows, bytes: size, leftOut }: FilesPlan): Preview {
  const groups = Map.groupBy(files, ({ format, columns, unreadColumns }) => JSON.stringify([format, columns, unreadColumns]));
  return { files: countFiles(files), rows, bytes: size, formats: [...groups.values()].map(understood), left_out: leftOut };
}

function understood(files: readonly PlannedFiles[]): Understood {
  const found = files.map((one) => one.found);
  const read = found.filter(({ rows, unreadable }) => rows > unreadable);
  const instruments = [...new Set(found.flatMap((one) => [...one.instruments]))].map(instrumentOfKey);
  const broken = files.find((one) => one.found.firstFault !== undefined);
  return {
    format: files[0].format,
    files: countFiles(files),
    rows: sum(found.map(({ rows }) => rows)),
    unreadable: sum(found.map(({ unreadable }) => unreadable)),
    from: read.length === 0 ? null : isoFromUs(Math.min(...read.map(({ firstUs }) => firstUs))),
    to: read.length === 0 ? null : isoFromUs(Math.max(...read.map(({ lastUs }) => lastUs))),
    markets: [...new Set(instruments.map(({ market }) => market))].toSorted(),
    symbols: [...new Set(instruments.map(({ symbol }) => symbol))].toSorted(),
    unordered: found.filter(({ isOrdered }) => !isOrdered).length,
    columns: files[0].columns,
    unread_columns: files[0].unreadColumns,
    rows_as_understood: (read[0]?.sample ?? []).map((row) => sampleText(files[0].kind, row)),
    first_unreadable: broken ? faultText(broken) : null,
  };
}

function faultText({ paths, found: { firstFault } }: PlannedFiles): string {
  return firstFault === undefined ? '' : `${paths[0]}, line ${firstFault.line}: ${firstFault.message}`;
}

function sampleText(kind: 'trades' | 'quotes', row: SampleRow): string {
  const { timeUs, market, symbol, exchange, id, first, firstSize, second, secondSize, side } = row;
  const sized = (price: number, size: number): string =>
    Number.isNaN(price) ? '-' : Number.isNaN(size) ? `${price}` : `${price} x ${size}`;
  const aggressor = { B: ' bought', S: ' sold', '': '' }[sideNames[side as 0 | 1 | 2]];
  const values =
    kind === 'trades' ? sized(first, firstSize) + aggressor : `bid ${sized(first, firstSize)}, ask ${sized(second, secondSize)}`;
  return `${isoFromUs(timeUs)}  ${market} ${symbol}  ${values}  id ${id}${exchange === '' ? '' : `, exchange ${exchange}`}`;
}

/** What was understood, for whoever decides whether it goes in. */
export function previewText({ files, rows, bytes: size, formats, left_out: leftOut }: Preview): string {
  const shown = formats.slice(0, groupsShown).flatMap(groupLines);
  const more = formats.length > groupsShown ? [`and ${formats.length - groupsShown} more ways in which files are written`] : [];
  return [
    `${whole(files)} ${files === 1 ? 'file' : 'files'}, ${bytes(size)}: ${whole(rows)} rows`,
    ...shown,
    ...more,
    ...leftOutLines(leftOut),
  ].join('\n');
}

function leftOutLines(paths: readonly string[]): readonly string[] {
  if (paths.length === 0) return [];
  const more = paths.length > leftOutShown ? ` and ${whole(paths.length - leftOutShown)} more` : '';
  return [
    '',
    `Left out, because they hold no ticks in a format that is known, or several files in one zip, or are texts beside the table in one: ${paths.slice(0, leftOutShown).join(', ')}${more}`,
  ];
}

function groupLines(group: Understood): readonly string[] {
  const { format, files, rows, unreadable, from, to, markets, symbols, unordered, columns, unread_columns: unread } = group;
  const more = symbols.length > symbolsShown ? ` and ${symbols.length - symbolsShown} more` : '';
  return [
    '',
    `${format}: ${whole(rows)} rows in ${whole(files)} ${files === 1 ? 'file' : 'files'}`,
    `  market   ${markets.join(', ') || '-'}`,
    `  symbols  ${symbols.slice(0, symbolsShown).join(', ') || '-'}${more}`,
    `  period   ${from ?? '-'} to ${to ?? '-'}`,
    `  columns  ${columns.map(([name, field]) => (name === field ? name : `${name} is ${field}`)).join(', ')}`,
    ...(unread.length > 0
      ? [`  unread   ${unread.slice(0, unreadShown).join(', ')}${unread.length > unreadShown ? ' and others' : ''}`]
      : []),
    ...group.rows_as_understood.map((row) => `  row      ${row}`),
    ...(unordered > 0 ? [`  order    ${whole(unordered)} files are not in the order of time; their rows are put in order`] : []),
    ...(unreadable > 0
      ? [`  faults   ${whole(unreadable)} rows are no ticks and will be rejected; the first: ${group.first_unreadable ?? ''}`]
      : []),
  ];
}

function countFiles(files: readonly PlannedFiles[]): number {
  return sum(files.map(({ paths }) => paths.length));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
