import type { TickKind } from '@hindcast/contracts';
import { sideCodes } from '@hindcast/market';
import type { RowFault, TickReader, TickRow } from '../files/tick-reader.js';
import { unpacked } from '../files/zip-entry.js';
import type { LeanRows } from './lean-format.js';
import type { LeanLine } from './lean-line.js';
import type { LeanFile, LeanSeries } from './lean-files.js';

export const leanSource = 'lean';

/** Rows parsed ahead of the merge, a series. */
const rowsAhead = 2_048;
const lineFeed = 0x0a;
/** Longer lines are no ticks; the bound keeps a file without line ends from filling memory. */
const lineBytesMax = 1_000;

/** The rows of a series in file order. An id is `yyyymmdd x 10^8 + row in the file`: always 16 digits. */
export class LeanSeriesReader implements TickReader {
  readonly kind: TickKind;
  readonly timeUs = new Float64Array(rowsAhead);
  readonly rows: LeanRows = {
    sinceMidnightUs: new Float64Array(rowsAhead),
    first: new Float64Array(rowsAhead),
    firstSize: new Float64Array(rowsAhead),
    second: new Float64Array(rowsAhead),
    secondSize: new Float64Array(rowsAhead),
    exchange: new Uint16Array(rowsAhead),
    conditions: new Uint16Array(rowsAhead),
  };
  /** What could not be read, by row of the block. */
  private readonly faults = new Map<number, string>();
  at = 0;
  length = 0;
  /** Row in its file of the block's first row. */
  private firstFileRow = 0;
  private file: LeanFile;
  private readonly blocks: AsyncGenerator<void>;

  constructor(
    private readonly series: LeanSeries,
    private readonly lines: LeanLine,
    private readonly onBytes: (bytes: number) => void = () => undefined,
  ) {
    this.kind = series.kind;
    this.file = series.files[0];
    this.blocks = this.readBlocks();
  }

  /** Reads the next block; false at the end of the last file. */
  async load(): Promise<boolean> {
    this.at = 0;
    return (await this.blocks.next()).done !== true;
  }

  async close(): Promise<void> {
    await this.blocks.return(undefined);
  }

  get instrument(): LeanSeries {
    return this.series;
  }

  get path(): string {
    return this.file.path;
  }

  line(): number {
    return this.firstFileRow + this.at + 1;
  }

  fault(): RowFault | undefined {
    const text = this.faults.get(this.at);
    if (text === undefined) return undefined;
    const { symbol, kind } = this.series;
    const row = this.firstFileRow + this.at;
    return { message: `row ${row} of ${symbol}'s ${kind} of ${this.file.day} is not a line of LEAN's ${kind}.`, text };
  }

  read(row: TickRow): void {
    const { rows, at, series } = this;
    const { words } = this.lines;
    row.market = series.market;
    row.symbol = series.symbol;
    row.source = leanSource;
    row.exchange = words[rows.exchange[at]];
    row.conditions = words[rows.conditions[at]];
    row.first = rows.first[at];
    row.firstSize = rows.firstSize[at];
    row.second = rows.second[at];
    row.secondSize = rows.secondSize[at];
    row.side = sideCodes.none;
  }

  writeId(bytes: Uint8Array, at: number): number {
    writeDigits(bytes, at, this.file.dayDigits);
    writeDigits(bytes, at + 8, this.firstFileRow + this.at);
    return at + 16;
  }

  private async *readBlocks(): AsyncGenerator<void> {
    for (const file of this.series.files) {
      this.file = file;
      this.firstFileRow = 0;
      this.length = 0;
      let rest: Uint8Array = new Uint8Array(0);
      for await (const piece of unpacked(file.path)) {
        const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
        const whole = bytes.lastIndexOf(lineFeed) + 1;
        for (let at = 0; at < whole;) {
          at = this.parseBlock(bytes, at, whole);
          yield;
        }
        rest = bytes.subarray(whole);
        if (rest.length > lineBytesMax) throw new Error(`${file.path}: a line of more than ${lineBytesMax} bytes.`);
        this.onBytes(piece.length);
      }
      // The last line has no line feed.
      if (rest.length > 0) {
        this.parseBlock(Buffer.concat([rest, Buffer.of(lineFeed)]), 0, rest.length + 1);
        yield;
      }
    }
  }

  private parseBlock(bytes: Uint8Array, from: number, to: number): number {
    const { lines: line, rows, timeUs, file } = this;
    let previousUs = this.length > 0 ? timeUs[this.length - 1] : file.place.startUs;
    this.firstFileRow += this.length;
    this.faults.clear();
    let at = from;
    let row = 0;
    for (; row < rowsAhead && at < to; row++) {
      line.start(bytes, at);
      if (this.series.read(line, rows, row)) {
        timeUs[row] = file.place.utcUs(rows.sinceMidnightUs[row]);
        at = line.end;
      } else {
        const end = bytes.indexOf(lineFeed, at);
        this.faults.set(row, Buffer.from(bytes.subarray(at, end)).toString('latin1'));
        // It has no time of its own: it keeps its place in the file.
        timeUs[row] = previousUs;
        at = end + 1;
      }
      previousUs = timeUs[row];
    }
    this.length = row;
    return at;
  }
}

function writeDigits(bytes: Uint8Array, start: number, value: number): void {
  let rest = value;
  for (let at = start + 7; at >= start; at--) {
    const tenth = (rest / 10) | 0;
    bytes[at] = 48 + rest - tenth * 10;
    rest = tenth;
  }
}
