import type { TickKind } from '@hindcast/contracts';
import { instrumentKey, type CodedColumn, type Instrument, type LoggedBatch, type QuoteColumns, type TradeColumns } from '@hindcast/market';
import { rowName } from '@hindcast/ports';
import { stageId } from './tick-ids.js';
import { StagedRows } from './staged-rows.js';
import { quoteLayout, tradeLayout } from './table-layouts.js';

/** Words of all rows of a piece, numbered as they come; 0 is the empty word, as in every file. */
export class PieceWords {
  readonly words: string[] = [''];
  readonly #codes = new Map<string, number>([['', 0]]);

  codes(column: CodedColumn): Uint32Array {
    return Uint32Array.from(column.values, (word) => this.#code(word));
  }

  #code(word: string): number {
    let code = this.#codes.get(word);
    if (code === undefined) this.#codes.set(word, (code = this.words.push(word) - 1));
    return code;
  }
}

/** The rows of one instrument in a piece of the log. */
export interface InstrumentPiece {
  readonly instrument: Instrument;
  readonly trades: StagedRows;
  readonly quotes: StagedRows;
  /** Of the batches that its rows are from. */
  firstNumber: number;
  lastNumber: number;
}

/**
 * A piece of the log, row for row where it belongs: DuckDB writes one file in a transaction, so that batches, in which
 * instruments lie mixed, are sorted by them first. Codes of words are the piece's own until each file has given its.
 */
export class TickPiece {
  readonly words = new PieceWords();
  readonly instruments = new Map<string, InstrumentPiece>();
  rows = 0;

  add(batch: LoggedBatch, skip: ReadonlySet<string> | undefined): void {
    this.#stage('trades', batch, skip);
    this.#stage('quotes', batch, skip);
  }

  #stage(table: TickKind, batch: LoggedBatch, skip: ReadonlySet<string> | undefined): void {
    const columns = batch[table];
    if (columns.length === 0) return;
    const codes = {
      exchange: this.words.codes(columns.exchange),
      source: this.words.codes(columns.source),
      conditions: this.words.codes(columns.conditions),
    };
    for (const { instrument, rows } of rowsByInstrument(columns)) {
      const taken = skip && skip.size > 0 ? rows.filter((row) => !skip.has(rowName(table, columns.sequence[row]))) : rows;
      if (taken.length === 0) continue;
      const piece = this.#instrument(instrument, batch.number);
      if (table === 'trades') stageTrades(piece.trades, batch.trades, taken, codes);
      else stageQuotes(piece.quotes, batch.quotes, taken, codes);
      this.rows += taken.length;
    }
  }

  #instrument(instrument: Instrument, number: number): InstrumentPiece {
    const key = instrumentKey(instrument);
    let piece = this.instruments.get(key);
    if (!piece) {
      const [trades, quotes] = [new StagedRows(tradeLayout), new StagedRows(quoteLayout)];
      this.instruments.set(key, (piece = { instrument, trades, quotes, firstNumber: number, lastNumber: number }));
    }
    piece.firstNumber = Math.min(piece.firstNumber, number);
    piece.lastNumber = Math.max(piece.lastNumber, number);
    return piece;
  }
}

interface InstrumentRows {
  readonly instrument: Instrument;
  readonly rows: Uint32Array;
}

/** Which rows are whose, in their order; two passes over the codes and no object a row. */
export function rowsByInstrument({ market, symbol, length }: TradeColumns | QuoteColumns): readonly InstrumentRows[] {
  const counts = new Uint32Array(market.values.length * symbol.values.length);
  const slotOf = (row: number): number => market.codes[row] * symbol.values.length + symbol.codes[row];
  for (let row = 0; row < length; row++) counts[slotOf(row)]++;
  const rowsOf: (Uint32Array | undefined)[] = Array.from(counts, (count) => (count > 0 ? new Uint32Array(count) : undefined));
  const filled = new Uint32Array(counts.length);
  for (let row = 0; row < length; row++) {
    const slot = slotOf(row);
    const rows = rowsOf[slot];
    if (rows) rows[filled[slot]++] = row;
  }
  return rowsOf.flatMap((rows, slot) => {
    if (!rows) return [];
    const instrument = {
      market: market.values[Math.floor(slot / symbol.values.length)],
      symbol: symbol.values[slot % symbol.values.length],
    };
    return [{ instrument, rows }];
  });
}

interface PieceCodes {
  readonly exchange: Uint32Array;
  readonly source: Uint32Array;
  readonly conditions: Uint32Array;
}

function stageTrades(staged: StagedRows, columns: TradeColumns, rows: Uint32Array, codes: PieceCodes): void {
  staged.reserve(rows.length);
  const [time, sequence, exchange, id, idText, price, size, side, sideInferred, late, received, source, conditions] = staged.columns;
  stageCommon({ time, sequence, exchange, id, idText, received, source, conditions }, { staged, columns, rows, codes });
  const at = staged.length;
  price.takeValues(at, columns.price, rows);
  size.takeValues(at, columns.size, rows);
  side.takeValues(at, columns.side, rows);
  sideInferred.takeValues(at, columns.sideInferred, rows);
  late.takeValues(at, columns.late, rows);
  staged.length += rows.length;
}

function stageQuotes(staged: StagedRows, columns: QuoteColumns, rows: Uint32Array, codes: PieceCodes): void {
  staged.reserve(rows.length);
  const [time, sequence, exchange, id, idText, bid, bidSize, ask, askSize, received, source, conditions] = staged.columns;
  stageCommon({ time, sequence, exchange, id, idText, received, source, conditions }, { staged, columns, rows, codes });
  const at = staged.length;
  bid.takeNullable(at, columns.bid, rows);
  bidSize.takeNullable(at, columns.bidSize, rows);
  ask.takeNullable(at, columns.ask, rows);
  askSize.takeNullable(at, columns.askSize, rows);
  staged.length += rows.length;
}

type CommonColumns = Readonly<
  Record<'time' | 'sequence' | 'exchange' | 'id' | 'idText' | 'received' | 'source' | 'conditions', StagedRows['columns'][number]>
>;

interface Source {
  readonly staged: StagedRows;
  readonly columns: TradeColumns | QuoteColumns;
  readonly rows: Uint32Array;
  readonly codes: PieceCodes;
}

/** Column by column: a loop that does one thing runs several times as fast as one that does them all. */
function stageCommon(to: CommonColumns, { staged, columns, rows, codes }: Source): void {
  const at = staged.length;
  to.time.takeWholes(at, columns.timeUs, rows);
  to.sequence.takeWholes(at, columns.sequence, rows);
  to.received.takeWholes(at, columns.receivedAtUs, rows);
  to.exchange.takeCodes(at, { codes: columns.exchange.codes, called: codes.exchange }, rows);
  to.source.takeCodes(at, { codes: columns.source.codes, called: codes.source }, rows);
  to.conditions.takeCodes(at, { codes: columns.conditions.codes, called: codes.conditions }, rows);
  for (let n = 0; n < rows.length; n++) stageId(columns.id, rows[n], to.id, to.idText, at + n);
}
