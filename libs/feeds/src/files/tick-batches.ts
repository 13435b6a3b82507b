import type { TickKind } from '@hindcast/contracts';
import type { CodedColumn, Mark, QuoteColumns, RejectedRow, TextColumn, TickBatch, TradeColumns } from '@hindcast/market';
import type { TickReader, TickRow } from './tick-reader.js';

/** Where the rows of a batch are from, by position. */
export interface RowOrigins {
  readonly path: (position: number) => string;
  readonly line: (position: number) => number;
}

/** A batch of files' rows: it knows where each is from, and how far the merged order is told with it. */
export interface FileBatch extends TickBatch {
  readonly origins: RowOrigins;
  /** Rows of the merged order that are told once this batch is: a reader may go on after them. */
  readonly throughRow: number;
}

interface Taking {
  readonly receivedAtUs: number;
  readonly marks: readonly Mark[];
  readonly throughRow: number;
}

/** Admission takes no longer id. */
export const idBytesMax = 64;
const rejectedTextMax = 1_000;
/** Sources of one group of batches: a column of sources that differ from row to row must not fill memory. */
const sourcesMax = 64;
/** Sources whose arrays are used again by the next group: where sources take turns, groups are short and many. */
const sourcesKeptMax = 4;

/**
 * Gathers rows of the merged order into batches, one a source, because a batch says once who gave its ids. Batches of one
 * group are handed out together: what was between rows of one source is then told, too.
 */
export class TickBatches {
  rows = 0;
  private readonly row: TickRow = emptyRow();
  private readonly bySource = new Map<string, SourceBatch>();
  private readonly traded = new TradedInstruments();
  /** Of the group, in the order of their first rows. */
  private used: SourceBatch[] = [];
  private newest: SourceBatch | undefined;
  private startRow = 0;

  constructor(private readonly rowsMax: number) {}

  /**
   * Whether the group has no place for the reader's current row. A group has trades of an instrument from one source only:
   * it is told source by source, and a trade that is told behind a later one of its instrument would count as late.
   */
  isClosedTo(reader: TickReader): boolean {
    if (this.rows === 0) return false;
    if (this.rows === this.rowsMax || this.used.length > sourcesMax) return true;
    if (reader.kind !== 'trades') return false;
    reader.read(this.row);
    return this.traded.hasOtherSource(this.row) && reader.fault() === undefined;
  }

  /** Takes the reader's current row. */
  add(reader: TickReader): void {
    const { row } = this;
    reader.read(row);
    if (this.newest?.source !== row.source) this.newest = this.batchOf(row.source);
    if (this.newest.positions === 0) this.used.push(this.newest);
    const isTick = this.newest.add(reader, row);
    if (isTick && reader.kind === 'trades') this.traded.add(row);
    this.rows++;
  }

  /** The batches, in the order of their first rows, marks with the last of them; and an empty group to go on with. */
  take({ receivedAtUs, marks, throughRow }: Taking): readonly FileBatch[] {
    // Marks alone travel, too.
    const used = this.used.length > 0 ? this.used : [this.newest ?? this.batchOf(this.row.source)];
    const batches = used.map((batch, at) => {
      const isLast = at === used.length - 1;
      return batch.take({ receivedAtUs, marks: isLast ? marks : [], throughRow: isLast ? throughRow : this.startRow });
    });
    if (this.bySource.size > sourcesKeptMax) {
      this.bySource.clear();
      this.newest = undefined;
    }
    this.traded.clear();
    this.used = [];
    this.rows = 0;
    this.startRow = throughRow;
    return batches;
  }

  /** Rows that an earlier run has told of. */
  startAfter(row: number): void {
    this.startRow = row;
  }

  private batchOf(source: string): SourceBatch {
    let batch = this.bySource.get(source);
    if (!batch) this.bySource.set(source, (batch = new SourceBatch(source, this.rowsMax)));
    return batch;
  }
}

function emptyRow(): TickRow {
  const words = { market: '', symbol: '', exchange: '', conditions: '', source: 'files' };
  return { ...words, first: NaN, firstSize: NaN, second: NaN, secondSize: NaN, side: 0 };
}

const nothingTraded = { market: '', symbol: '', source: '' };

/** Who told the trades of each instrument of a group. */
class TradedInstruments {
  private readonly sources = new Map<string, Map<string, string>>();
  private newest = nothingTraded;

  hasOtherSource(row: TickRow): boolean {
    if (this.isAsNewest(row)) return false;
    return (this.sources.get(row.market)?.get(row.symbol) ?? row.source) !== row.source;
  }

  add(row: TickRow): void {
    // Most rows are of the same instrument as the row before.
    if (this.isAsNewest(row)) return;
    const { market, symbol, source } = row;
    this.newest = { market, symbol, source };
    let ofMarket = this.sources.get(market);
    if (!ofMarket) this.sources.set(market, (ofMarket = new Map<string, string>()));
    ofMarket.set(symbol, source);
  }

  clear(): void {
    this.sources.clear();
    this.newest = nothingTraded;
  }

  private isAsNewest({ market, symbol, source }: TickRow): boolean {
    const { newest } = this;
    return symbol === newest.symbol && market === newest.market && source === newest.source;
  }
}

/** One batch after another of one source; its arrays are written again for each. */
class SourceBatch {
  positions = 0;
  private readonly trades: Table;
  private readonly quotes: Table;
  private rejected: RejectedRow[] = [];
  private readonly lines: Float64Array;
  private readonly paths: BatchWords;

  constructor(
    readonly source: string,
    rowsMax: number,
  ) {
    this.trades = new Table(rowsMax);
    this.quotes = new Table(rowsMax);
    this.lines = new Float64Array(rowsMax);
    this.paths = new BatchWords(rowsMax);
  }

  /** False for a row that is no tick. */
  add(reader: TickReader, row: TickRow): boolean {
    const { positions } = this;
    const fault = reader.fault();
    this.lines[positions] = reader.line();
    this.paths.set(positions, reader.path);
    if (fault === undefined) this.tableOf(reader.kind).add(reader, row, positions);
    else {
      const text = JSON.stringify(fault.text).slice(0, rejectedTextMax);
      this.rejected.push({ table: reader.kind, position: positions, code: 'ROW_INVALID', field: '', message: fault.message, text });
    }
    this.positions++;
    return fault === undefined;
  }

  take({ receivedAtUs, marks, throughRow }: Taking): FileBatch {
    const { source, rejected, positions } = this;
    const origin = { source, receivedAtUs };
    const trades = this.trades.takeTrades(origin);
    const quotes = this.quotes.takeQuotes(origin);
    const lines = this.lines.slice(0, positions);
    const paths = this.paths.take(positions);
    this.rejected = [];
    this.positions = 0;
    const origins = { path: (position: number) => paths.values[paths.codes[position]], line: (position: number) => lines[position] };
    return { source, receivedAtUs, slackUs: 0, trades, quotes, marks, rejected, origins, throughRow };
  }

  private tableOf(kind: TickKind): Table {
    return kind === 'trades' ? this.trades : this.quotes;
  }
}

interface Origin {
  readonly source: string;
  readonly receivedAtUs: number;
}

/** Columns of one kind; `first` and `second` as in `TickRow`. */
class Table {
  private length = 0;
  private readonly timeUs: Float64Array;
  private readonly sequence: Float64Array;
  private readonly first: Float64Array;
  private readonly firstSize: Float64Array;
  private readonly second: Float64Array;
  private readonly secondSize: Float64Array;
  private readonly side: Uint8Array;
  private readonly ids: Uint8Array;
  private readonly idOffsets: Int32Array;
  private readonly exchange: BatchWords;
  private readonly conditions: BatchWords;
  private readonly symbol: BatchWords;
  private readonly market: BatchWords;

  constructor(rowsMax: number) {
    this.timeUs = new Float64Array(rowsMax);
    this.sequence = new Float64Array(rowsMax);
    this.first = new Float64Array(rowsMax);
    this.firstSize = new Float64Array(rowsMax);
    this.second = new Float64Array(rowsMax);
    this.secondSize = new Float64Array(rowsMax);
    this.side = new Uint8Array(rowsMax);
    this.ids = new Uint8Array(rowsMax * idBytesMax);
    this.idOffsets = new Int32Array(rowsMax + 1);
    this.exchange = new BatchWords(rowsMax);
    this.conditions = new BatchWords(rowsMax);
    this.symbol = new BatchWords(rowsMax);
    this.market = new BatchWords(rowsMax);
  }

  add(reader: TickReader, tick: TickRow, position: number): void {
    const row = this.length++;
    this.timeUs[row] = reader.timeUs[reader.at];
    this.sequence[row] = position;
    this.first[row] = tick.first;
    this.firstSize[row] = tick.firstSize;
    this.second[row] = tick.second;
    this.secondSize[row] = tick.secondSize;
    this.side[row] = tick.side;
    this.exchange.set(row, tick.exchange);
    this.conditions.set(row, tick.conditions);
    this.symbol.set(row, tick.symbol);
    this.market.set(row, tick.market);
    this.idOffsets[row + 1] = reader.writeId(this.ids, this.idOffsets[row]);
  }

  takeTrades(origin: Origin): TradeColumns {
    const { length } = this;
    const price = this.first.slice(0, length);
    const size = this.firstSize.slice(0, length);
    const side = this.side.slice(0, length);
    return { ...this.takeCommon(origin), price, size, side, sideInferred: new Uint8Array(length), late: new Uint8Array(length) };
  }

  takeQuotes(origin: Origin): QuoteColumns {
    const { length } = this;
    const bid = this.first.slice(0, length);
    const bidSize = this.firstSize.slice(0, length);
    const ask = this.second.slice(0, length);
    const askSize = this.secondSize.slice(0, length);
    return { ...this.takeCommon(origin), bid, bidSize, ask, askSize };
  }

  private takeCommon({ source, receivedAtUs }: Origin) {
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
      source: { codes: new Uint16Array(length), values: [source] },
    };
  }

  private takeIds(length: number): TextColumn {
    return { offsets: this.idOffsets.slice(0, length + 1), bytes: this.ids.slice(0, this.idOffsets[length]) };
  }
}

/** Words become codes of one batch, so that a batch carries the words it uses and no others; most rows have the word of the row before. */
class BatchWords {
  private readonly codes: Uint16Array;
  private readonly codeOf = new Map<string, number>();
  private newest = '';
  private newestCode = -1;

  constructor(rowsMax: number) {
    this.codes = new Uint16Array(rowsMax);
  }

  set(row: number, word: string): void {
    if (word !== this.newest || this.newestCode < 0) {
      this.newest = word;
      let code = this.codeOf.get(word);
      if (code === undefined) this.codeOf.set(word, (code = this.codeOf.size));
      this.newestCode = code;
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
