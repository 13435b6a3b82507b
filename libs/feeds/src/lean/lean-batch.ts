import type { TickKind } from '@hindcast/contracts';
import type { CodedColumn, Mark, QuoteColumns, RejectedRow, TextColumn, TickBatch, TradeColumns } from '@hindcast/market';
import type { LeanSeriesReader } from './lean-rows.js';

export const leanSource = 'lean';

/** An id is `yyyymmdd x 10^8 + row in the file`: always 16 digits. */
const idBytes = 16;
const rejectedTextMax = 1_000;

/** Gathers rows of the merged order into one batch after another; its arrays are written again for each. */
export class LeanBatch {
  positions = 0;
  private readonly trades: Table;
  private readonly quotes: Table;
  private rejected: RejectedRow[] = [];

  constructor(rowsMax: number, words: readonly string[]) {
    this.trades = new Table(rowsMax, words);
    this.quotes = new Table(rowsMax, words);
  }

  /** Takes the reader's current row. */
  add(reader: LeanSeriesReader): void {
    const fault = reader.faults.get(reader.at);
    const { kind } = reader.series;
    if (fault === undefined) this.tableOf(kind).add(reader, this.positions);
    else this.rejected.push(rejectedLine(reader, { position: this.positions, fault }));
    this.positions++;
  }

  /** The batch, and an empty one to go on with. */
  take({ receivedAtUs, marks }: { readonly receivedAtUs: number; readonly marks: readonly Mark[] }): TickBatch {
    const trades = this.trades.takeTrades(receivedAtUs);
    const quotes = this.quotes.takeQuotes(receivedAtUs);
    const { rejected } = this;
    this.rejected = [];
    this.positions = 0;
    return { source: leanSource, receivedAtUs, slackUs: 0, trades, quotes, marks, rejected };
  }

  private tableOf(kind: TickKind): Table {
    return kind === 'trades' ? this.trades : this.quotes;
  }
}

/** Columns of one kind; `first` and `second` as in `LeanRows`. */
class Table {
  private length = 0;
  private readonly timeUs: Float64Array;
  private readonly sequence: Float64Array;
  private readonly first: Float64Array;
  private readonly firstSize: Float64Array;
  private readonly second: Float64Array;
  private readonly secondSize: Float64Array;
  private readonly ids: Uint8Array;
  private readonly idOffsets: Int32Array;
  private readonly exchange: BatchWords;
  private readonly conditions: BatchWords;
  private readonly symbol: BatchNames;
  private readonly market: BatchNames;

  constructor(rowsMax: number, words: readonly string[]) {
    this.timeUs = new Float64Array(rowsMax);
    this.sequence = new Float64Array(rowsMax);
    this.first = new Float64Array(rowsMax);
    this.firstSize = new Float64Array(rowsMax);
    this.second = new Float64Array(rowsMax);
    this.secondSize = new Float64Array(rowsMax);
    this.ids = new Uint8Array(rowsMax * idBytes);
    this.idOffsets = Int32Array.from({ length: rowsMax + 1 }, (_, row) => row * idBytes);
    this.exchange = new BatchWords(rowsMax, words);
    this.conditions = new BatchWords(rowsMax, words);
    this.symbol = new BatchNames(rowsMax);
    this.market = new BatchNames(rowsMax);
  }

  add({ at, rows, timeUs, series, file, firstFileRow }: LeanSeriesReader, position: number): void {
    const row = this.length++;
    this.timeUs[row] = timeUs[at];
    this.sequence[row] = position;
    this.first[row] = rows.first[at];
    this.firstSize[row] = rows.firstSize[at];
    this.second[row] = rows.second[at];
    this.secondSize[row] = rows.secondSize[at];
    this.exchange.set(row, rows.exchange[at]);
    this.conditions.set(row, rows.conditions[at]);
    this.symbol.set(row, series.symbol);
    this.market.set(row, series.market);
    writeId(this.ids, { start: row * idBytes, day: file.dayDigits, row: firstFileRow + at });
  }

  takeTrades(receivedAtUs: number): TradeColumns {
    const { length } = this;
    const price = this.first.slice(0, length);
    const size = this.firstSize.slice(0, length);
    const flags = (): Uint8Array => new Uint8Array(length);
    return { ...this.takeCommon(receivedAtUs), price, size, side: flags(), sideInferred: flags(), late: flags() };
  }

  takeQuotes(receivedAtUs: number): QuoteColumns {
    const { length } = this;
    const bid = this.first.slice(0, length);
    const bidSize = this.firstSize.slice(0, length);
    const ask = this.second.slice(0, length);
    const askSize = this.secondSize.slice(0, length);
    return { ...this.takeCommon(receivedAtUs), bid, bidSize, ask, askSize };
  }

  private takeCommon(receivedAtUs: number) {
    const { length } = this;
    this.length = 0;
    return {
      length,
      timeUs: this.timeUs.slice(0, length),
      sequence: this.sequence.slice(0, length),
      symbol: this.symbol.take(length),
      market: this.market.take(length),
      exchange: this.exchange.take(length),
      conditions: this.conditions.take(length),
      id: this.takeIds(length),
      receivedAtUs: new Float64Array(length).fill(receivedAtUs),
      source: { codes: new Uint16Array(length), values: [leanSource] },
    };
  }

  private takeIds(length: number): TextColumn {
    return { offsets: this.idOffsets.slice(0, length + 1), bytes: this.ids.slice(0, length * idBytes) };
  }
}

/** Numbers of the line reader's words become codes of one batch, so that a batch carries the words it uses and no others. */
class BatchWords {
  private readonly codes: Uint16Array;
  private codeOf: Int32Array = new Int32Array(64).fill(-1);
  private values: string[] = [];

  constructor(
    rowsMax: number,
    private readonly words: readonly string[],
  ) {
    this.codes = new Uint16Array(rowsMax);
  }

  set(row: number, word: number): void {
    if (word >= this.codeOf.length) this.grow(word);
    let code = this.codeOf[word];
    if (code < 0) this.codeOf[word] = code = this.values.push(this.words[word]) - 1;
    this.codes[row] = code;
  }

  take(length: number): CodedColumn {
    const column = { codes: this.codes.slice(0, length), values: this.values };
    this.values = [];
    this.codeOf.fill(-1);
    return column;
  }

  private grow(word: number): void {
    const grown = new Int32Array(2 * word).fill(-1);
    grown.set(this.codeOf);
    this.codeOf = grown;
  }
}

/** The same for symbols and markets, which come as strings and change rarely from row to row. */
class BatchNames {
  private readonly codes: Uint16Array;
  private readonly codeOf = new Map<string, number>();
  private newest = '';
  private newestCode = -1;

  constructor(rowsMax: number) {
    this.codes = new Uint16Array(rowsMax);
  }

  set(row: number, name: string): void {
    if (name !== this.newest || this.newestCode < 0) {
      this.newest = name;
      this.newestCode = this.codeOf.get(name) ?? this.codeOf.size;
      this.codeOf.set(name, this.newestCode);
    }
    this.codes[row] = this.newestCode;
  }

  take(length: number): CodedColumn {
    const column = { codes: this.codes.slice(0, length), values: [...this.codeOf.keys()] };
    this.codeOf.clear();
    this.newestCode = -1;
    return column;
  }
}

interface IdPlace {
  readonly start: number;
  /** yyyymmdd. */
  readonly day: number;
  readonly row: number;
}

function writeId(bytes: Uint8Array, { start, day, row }: IdPlace): void {
  writeDigits(bytes, start, day);
  writeDigits(bytes, start + 8, row);
}

function writeDigits(bytes: Uint8Array, start: number, value: number): void {
  let rest = value;
  for (let at = start + 7; at >= start; at--) {
    const tenth = (rest / 10) | 0;
    bytes[at] = 48 + rest - tenth * 10;
    rest = tenth;
  }
}

function rejectedLine(reader: LeanSeriesReader, { position, fault }: { readonly position: number; readonly fault: string }): RejectedRow {
  const { series, file, firstFileRow, at } = reader;
  return {
    table: series.kind,
    position,
    code: 'ROW_INVALID',
    field: '',
    message: `row ${firstFileRow + at} of ${series.symbol}'s ${series.kind} of ${file.day} is not a line of LEAN's ${series.kind}.`,
    text: JSON.stringify(fault).slice(0, rejectedTextMax),
  };
}
