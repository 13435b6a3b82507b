import { sparkline } from '../format/sparkline.js';
import type { BoardRow } from './market-board.js';

export interface FrameOptions {
  readonly width: number;
  readonly height: number;
  readonly nowUs: number;
  /** Who is watched, and how it is: the first line. */
  readonly title: string;
  readonly colours: boolean;
}

type Paint = 'green' | 'red' | 'yellow' | 'dim' | 'bold';
const codes: Readonly<Record<Paint, number>> = { green: 32, red: 31, yellow: 33, dim: 2, bold: 1 };

interface Cell {
  readonly text: string;
  readonly paint?: Paint;
}

interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  readonly cell: (row: BoardRow, nowUs: number) => Cell;
  /** Columns of the highest rank are left out first where there is no room for all. */
  readonly rank: number;
}

const sparkWidth = 24;
/** A state is made once a second; one that is older than this many seconds is of a market that rests. */
const restingSeconds = 15;

const columns: readonly Column[] = [
  { title: 'symbol', align: 'left', rank: 0, cell: ({ symbol }) => ({ text: symbol, paint: 'bold' }) },
  // Whoever looks shall never take made-up prices for real ones.
  {
    title: 'market',
    align: 'left',
    rank: 1,
    cell: ({ market }) => ({ text: market, ...(market.startsWith('simulated/') ? { paint: 'yellow' } : {}) }),
  },
  { title: 'price', align: 'right', rank: 0, cell: ({ price }) => ({ text: significant(price) }) },
  { title: 'change', align: 'right', rank: 2, cell: ({ change }) => ({ text: signed(change * 100, 2, ' %'), ...colourOf(change) }) },
  { title: 'last states', align: 'left', rank: 3, cell: ({ prices }) => ({ text: sparkline(prices, sparkWidth) }) },
  {
    title: 'spread',
    align: 'right',
    rank: 6,
    cell: ({ spread }) => ({ text: spread === undefined ? '-' : `${(spread * 10_000).toFixed(2)} bp` }),
  },
  { title: 'volume 5 min', align: 'right', rank: 7, cell: ({ volume }) => ({ text: volume === undefined ? '-' : significant(volume) }) },
  { title: 'regime', align: 'left', rank: 4, cell: ({ regime }) => ({ text: regime, ...(regime === 'WAIT' ? { paint: 'dim' } : {}) }) },
  { title: 'alpha', align: 'right', rank: 8, cell: ({ alpha }) => ({ text: alpha === null ? '-' : alpha.toFixed(2) }) },
  { title: 'momentum', align: 'right', rank: 5, cell: ({ momentum }) => ({ text: momentum.toFixed(2) }) },
  { title: 'friction', align: 'right', rank: 9, cell: ({ friction }) => ({ text: friction.toFixed(2) }) },
  { title: 'entropy', align: 'right', rank: 9, cell: ({ entropy }) => ({ text: entropy.toFixed(2) }) },
  { title: 'age', align: 'right', rank: 1, cell: ({ timeUs }, nowUs) => ageCell((nowUs - timeUs) / 1_000_000) },
];

/** The whole screen as lines, none longer than it is wide and no more than it is high. */
export function boardFrame(rows: readonly BoardRow[], { width, height, nowUs, title, colours }: FrameOptions): readonly string[] {
  const room = Math.max(0, height - 4);
  const shown = rows.slice(0, rows.length > room ? Math.max(0, room - 1) : room);
  const cells = shown.map((row) => columns.map(({ cell }) => cell(row, nowUs)));
  const widths = columns.map(({ title: name }, at) => Math.max(name.length, ...cells.map((line) => line[at].text.length)));
  const fitting = columnsThatFit(widths, width);
  const line = (texts: readonly Cell[]): string =>
    fitting.map((at) => painted(fitted(texts[at].text, widths[at], columns[at].align), texts[at].paint, colours)).join('  ');
  const hidden = rows.length - shown.length;
  const body = [
    cut(title, width),
    '',
    line(columns.map(({ title: name }): Cell => ({ text: name, paint: 'dim' }))),
    ...(rows.length === 0 ? [cut('waiting for the first state', width)] : cells.map(line)),
    ...(hidden > 0 ? [cut(`and ${hidden} more; --symbols chooses`, width)] : []),
  ];
  return [...body, ...Array.from({ length: Math.max(0, height - 1 - body.length) }, () => ''), cut('q ends', width)].slice(0, height);
}

/** Indexes of the columns that there is room for, those of low rank first. */
function columnsThatFit(widths: readonly number[], width: number): readonly number[] {
  let left = width;
  const chosen = columns
    .map(({ rank }, at) => ({ rank, at }))
    .toSorted((a, b) => a.rank - b.rank || a.at - b.at)
    .filter(({ at }) => {
      const wanted = widths[at] + 2;
      if (wanted > left + 2) return false;
      left -= wanted;
      return true;
    });
  return chosen.map(({ at }) => at).toSorted((a, b) => a - b);
}

/** Six digits or all before the point, with commas: `63,382.3`, `0.0123456`. */
export function significant(value: number): string {
  const digits = value === 0 ? 0 : Math.min(Math.max(5 - Math.floor(Math.log10(Math.abs(value))), 0), 8);
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

function signed(value: number, digits: number, unit: string): string {
  const text = Math.abs(value).toFixed(digits);
  const sign = Number(text) === 0 ? ' ' : value < 0 ? '-' : '+';
  return `${sign}${text}${unit}`;
}

function colourOf(change: number): Pick<Cell, 'paint'> {
  return change === 0 ? {} : { paint: change > 0 ? 'green' : 'red' };
}

function ageCell(seconds: number): Cell {
  return { text: age(Math.max(0, seconds)), ...(seconds > restingSeconds ? { paint: 'dim' } : {}) };
}

function age(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

function fitted(text: string, width: number, align: Column['align']): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width);
}

function cut(text: string, width: number): string {
  return text.slice(0, width);
}

function painted(text: string, paint: Paint | undefined, colours: boolean): string {
  return paint === undefined || !colours ? text : `\u001b[${codes[paint]}m${text}\u001b[0m`;
}
