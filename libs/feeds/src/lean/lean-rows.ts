import type { LeanRows } from './lean-format.js';
import type { LeanLine } from './lean-line.js';
import type { LeanFile, LeanSeries } from './lean-files.js';
import { unpacked } from './zip-entry.js';

/** Rows parsed ahead of the merge, a series. */
const rowsAhead = 2_048;
const lineFeed = 0x0a;
/** Longer lines are no ticks; the bound keeps a file without line ends from filling memory. */
const lineBytesMax = 1_000;

/**
 * The rows of a series in file order, a block at a time: after `load` answered true, row `at` of the block is the
 * current one. Reading is awaited once a block, never once a row.
 */
export class LeanSeriesReader {
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
  readonly faults = new Map<number, string>();
  at = 0;
  length = 0;
  /** Row in its file of the block's first row. */
  firstFileRow = 0;
  file: LeanFile;
  private readonly blocks: AsyncGenerator<void>;

  constructor(
    readonly series: LeanSeries,
    private readonly line: LeanLine,
    private readonly onBytes: (bytes: number) => void,
  ) {
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
    const { line, rows, timeUs, file } = this;
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
