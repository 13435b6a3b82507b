import { HindcastError } from '@hindcast/contracts';
import { textBytes, type FileShape } from './file-bytes.js';
import { blockRows, type RawBlock, type RawTable } from './raw-table.js';
import { textsBeside } from './zip-entry.js';

/** Longer lines are no ticks; the bound keeps a file without line ends from filling memory. */
const lineCharactersMax = 65_536;
const columnsMax = 1_000;
const delimiters = [',', '\t', ';', '|'] as const;

interface Line {
  readonly text: string;
  /** From 1; of a line with line ends inside of quotes, the first. */
  readonly number: number;
}

/**
 * A text of lines with a delimiter between cells, as RFC 4180 has it: cells in quotes, a byte order mark, LF or CRLF, empty
 * lines between. A first line that holds no number names the columns.
 */
export async function openCsv(path: string, shape: FileShape): Promise<RawTable> {
  const first = await firstLine(path, shape);
  if (first === undefined) throw new HindcastError('BODY_INVALID', `${path} is empty: there is no line in it.`);
  if (first.text.includes('\0'))
    throw new HindcastError('BODY_INVALID', `${path} is no text of UTF-8, and of no other format that is known.`);
  const delimiter = delimiterOf(first.text);
  const cells = cellsOf(first.text, delimiter);
  if (cells.length > columnsMax)
    throw new HindcastError('BODY_INVALID', `${path} has ${cells.length} columns; ${columnsMax} at most are read.`);
  const isNamed = cells.every((cell) => !isNumber(cell));
  const columns = isNamed ? cells.map((cell) => cell.trim()) : cells.map((_, at) => String(at + 1));
  const twice = columns.find((name, at) => columns.indexOf(name) < at);
  if (twice !== undefined)
    throw new HindcastError('FIELD_INVALID', `${path}: column ${JSON.stringify(twice.slice(0, 64))} occurs more than once.`);
  const reading = { path, shape, delimiter, cells: columns.length, headerLine: isNamed ? first.number : 0 };
  const beside = shape === 'zip' ? await textsBeside(path) : undefined;
  return { path, container: 'text', columns, isNamed, beside, blocks: (wanted) => blocksOf(reading, wanted) };
}

interface Reading {
  readonly path: string;
  readonly shape: FileShape;
  readonly delimiter: string;
  readonly cells: number;
  readonly headerLine: number;
}

async function* blocksOf({ path, shape, delimiter, cells, headerLine }: Reading, wanted: readonly number[]): AsyncGenerator<RawBlock> {
  let block = new GrowingBlock(cells, wanted);
  for await (const lines of linesOf(path, shape)) {
    for (const line of lines) {
      if (line.number === headerLine) continue;
      block.add(line, cellsOf(line.text, delimiter));
      if (block.length < blockRows) continue;
      yield block;
      block = new GrowingBlock(cells, wanted);
    }
  }
  if (block.length > 0) yield block;
}

class GrowingBlock implements RawBlock {
  length = 0;
  readonly lines = new Float64Array(blockRows);
  readonly columns: string[][];
  readonly faults = new Map<number, string>();
  private readonly texts: string[] = [];

  constructor(
    private readonly cells: number,
    private readonly wanted: readonly number[],
  ) {
    this.columns = Array.from({ length: cells }, () => []);
  }

  readonly text = (row: number): string => this.texts[row];

  add({ text, number }: Line, cells: readonly string[]): void {
    const row = this.length++;
    this.lines[row] = number;
    this.texts.push(text);
    if (cells.length === this.cells) for (const column of this.wanted) this.columns[column].push(cells[column]);
    else {
      this.faults.set(row, `the line has ${cells.length} cells, the first line has ${this.cells}`);
      for (const column of this.wanted) this.columns[column].push('');
    }
  }
}

async function firstLine(path: string, shape: FileShape): Promise<Line | undefined> {
  for await (const lines of linesOf(path, shape)) {
    for (const line of lines) return line;
  }
  return undefined;
}

/** Lines that are not empty, some at a time. */
async function* linesOf(path: string, shape: FileShape): AsyncGenerator<readonly Line[]> {
  const decoder = new TextDecoder();
  let rest = '';
  let number = 0;
  for await (const bytes of textBytes(path, shape)) {
    const pieces = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = pieces.pop() ?? '';
    if (rest.length > lineCharactersMax) throw tooLong(path, number + 1);
    const lines: Line[] = [];
    for (let at = 0; at < pieces.length; at++) {
      number++;
      let text = pieces[at];
      const from = number;
      while (isOpen(text) && at + 1 < pieces.length && text.length <= lineCharactersMax) {
        text += `\n${pieces[++at]}`;
        number++;
      }
      if (isOpen(text) && text.length <= lineCharactersMax) {
        // Its end is in what is not read yet.
        rest = `${text}\n${rest}`;
        number = from - 1;
        break;
      }
      if (text.length > lineCharactersMax) throw tooLong(path, from);
      pushLine(lines, text, from);
    }
    yield lines;
  }
  const lines: Line[] = [];
  for (const text of (rest + decoder.decode()).split('\n')) pushLine(lines, text, ++number);
  yield lines;
}

function pushLine(lines: Line[], text: string, number: number): void {
  const bare = text.endsWith('\r') ? text.slice(0, -1) : text;
  if (bare !== '') lines.push({ text: bare, number });
}

/** A cell in quotes goes on in the next line. */
function isOpen(text: string): boolean {
  if (!text.includes('"')) return false;
  let quotes = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1;
}

function tooLong(path: string, line: number): HindcastError {
  return new HindcastError(
    'BODY_INVALID',
    `${path}: line ${line} has more than ${lineCharactersMax} characters, or a quote that is never closed.`,
  );
}

function cellsOf(text: string, delimiter: string): readonly string[] {
  const cells = text.split(delimiter);
  if (!text.includes('"')) return cells;
  // A delimiter inside of quotes has parted a cell: the parts up to the closing quote are one.
  const whole: string[] = [];
  for (let at = 0; at < cells.length; at++) {
    let cell = cells[at];
    while (isOpen(cell) && at + 1 < cells.length) cell += delimiter + cells[++at];
    whole.push(unquoted(cell));
  }
  return whole;
}

function unquoted(cell: string): string {
  const bare = cell.trim();
  return bare.startsWith('"') && bare.endsWith('"') && bare.length > 1 ? bare.slice(1, -1).replaceAll('""', '"') : cell;
}

/** Whichever parts the first line most often. */
function delimiterOf(line: string): string {
  const parts = delimiters.map((delimiter) => cellsOf(line, delimiter).length);
  return delimiters[parts.indexOf(Math.max(...parts))];
}

function isNumber(cell: string): boolean {
  return cell.trim() !== '' && Number.isFinite(Number(cell));
}
