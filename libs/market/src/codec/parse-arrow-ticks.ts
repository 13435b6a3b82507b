import { HindcastError } from '@hindcast/contracts';
import {
  constantColumn,
  sideNames,
  textColumn,
  type CodedColumn,
  type QuoteColumns,
  type TextColumn,
  type TradeColumns,
} from '../columns.js';
import type { TickBatch } from '../tick-batch.js';
import { ForeignTable } from './foreign-table.js';
import { emptyQuotes, emptyTrades } from './logged-batch-codec.js';

/** What a request says once for all of its rows. */
export interface ArrowDoor {
  readonly source: string;
  /** Rows without a market, or with a null one, belong to this. */
  readonly market: string;
  readonly receivedAtUs: number;
  /** Ids are counted from here where the rows carry none. */
  readonly offset?: number;
}

export interface ArrowTicks extends ArrowDoor {
  /** Arrow IPC; nothing where it has no bytes. */
  readonly trades?: Uint8Array;
  readonly quotes?: Uint8Array;
}

/** A side that is neither B nor S nor absent: admission rejects its row. */
export const unknownSideCode = 255;

/**
 * `unknown` Arrow bytes of a door, IPC stream or file, to columns. Columns of trades: timestamp, symbol, trade_id, price, size; optional
 * market, exchange, side, conditions, position. Quotes: timestamp, symbol, quote_id, bid, bid_size, ask, ask_size;
 * optional the same. Further columns are ignored. Without positions trades come before quotes, in the order of their rows.
 * Throws BODY_INVALID for bytes that are no Arrow stream, FIELD_INVALID for a missing column or one of a wrong type,
 * TRADE_ID_REQUIRED where a row has no id and there is no `offset`.
 */
export function parseArrowTicks({ trades, quotes, ...door }: ArrowTicks): Pick<TickBatch, 'trades' | 'quotes'> {
  const parsedTrades = trades?.length ? parseArrowTrades(trades, door) : emptyTrades;
  const parsedQuotes = quotes?.length ? parseArrowQuotes(quotes, { ...door, firstPosition: parsedTrades.length }) : emptyQuotes;
  checkDistinct(parsedTrades.sequence, parsedQuotes.sequence);
  return { trades: parsedTrades, quotes: parsedQuotes };
}

export function parseArrowTrades(bytes: Uint8Array, door: ArrowDoor & { readonly firstPosition?: number }): TradeColumns {
  const table = new ForeignTable(bytes, 'trades');
  const { length } = table;
  return {
    ...sharedColumns(table, door),
    id: ids(table, 'trade_id', door),
    price: required(table, 'price', table.numbers('price')),
    size: required(table, 'size', table.numbers('size')),
    side: sides(table.words('side'), length),
    sideInferred: new Uint8Array(length),
    late: new Uint8Array(length),
  };
}

export function parseArrowQuotes(bytes: Uint8Array, door: ArrowDoor & { readonly firstPosition?: number }): QuoteColumns {
  const table = new ForeignTable(bytes, 'quotes');
  const absent = (): Float64Array => new Float64Array(table.length).fill(NaN);
  return {
    ...sharedColumns(table, door),
    id: ids(table, 'quote_id', door),
    bid: required(table, 'bid', table.numbers('bid')),
    bidSize: table.numbers('bid_size') ?? absent(),
    ask: required(table, 'ask', table.numbers('ask')),
    askSize: table.numbers('ask_size') ?? absent(),
  };
}

function sharedColumns(table: ForeignTable, door: ArrowDoor & { readonly firstPosition?: number }) {
  const { length } = table;
  return {
    length,
    timeUs: required(table, 'timestamp', table.times('timestamp')),
    symbol: required(table, 'symbol', table.words('symbol')),
    sequence: positions(table, door.firstPosition ?? 0),
    market: withDefault(table.words('market'), door.market, length),
    exchange: table.words('exchange') ?? constantColumn('', length),
    receivedAtUs: new Float64Array(length).fill(door.receivedAtUs),
    source: constantColumn(door.source, length),
    conditions: table.words('conditions') ?? constantColumn('', length),
  };
}

function required<Column>(table: ForeignTable, name: string, column: Column | undefined): Column {
  if (column === undefined) throw table.missing(name);
  return column;
}

/** The request's market where a row names none; two words of a list may then be the same, which harms nobody. */
function withDefault(column: CodedColumn | undefined, word: string, length: number): CodedColumn {
  if (!column) return constantColumn(word, length);
  return { codes: column.codes, values: column.values.map((value) => (value === '' ? word : value)) };
}

function ids(table: ForeignTable, name: 'trade_id' | 'quote_id', { offset }: ArrowDoor): TextColumn {
  const counted = (row: number): string => {
    if (offset === undefined)
      throw new HindcastError('TRADE_ID_REQUIRED', `row ${row} has no ${name}, and the request has no offset to count ids from.`);
    return String(offset + row);
  };
  const column = table.ids(name, counted);
  if (column) return column;
  if (offset === undefined) {
    throw new HindcastError('TRADE_ID_REQUIRED', `column ${name} is missing, and the request has no offset to count ids from.`);
  }
  return textColumn(Array.from({ length: table.length }, (_, row) => counted(row)));
}

function sides(column: CodedColumn | undefined, length: number): Uint8Array {
  if (!column) return new Uint8Array(length);
  const codeOfWord = column.values.map((word) => (sideNames as readonly string[]).indexOf(word));
  const codes = new Uint8Array(length);
  for (let row = 0; row < length; row++) {
    const code = codeOfWord[column.codes[row]];
    codes[row] = code < 0 ? unknownSideCode : code;
  }
  return codes;
}

function positions(table: ForeignTable, firstPosition: number): Float64Array {
  const column = table.numbers('position');
  if (!column) return Float64Array.from({ length: table.length }, (_, row) => firstPosition + row);
  let previous = -1;
  for (let row = 0; row < column.length; row++) {
    const position = column[row];
    if (!Number.isSafeInteger(position) || position <= previous) {
      throw new HindcastError(
        'FIELD_INVALID',
        `column position must rise from row to row in whole numbers from 0; row ${row} has ${position}.`,
      );
    }
    previous = position;
  }
  return column;
}

/** Both lists rise; a position in both would give two rows one place in the order. */
function checkDistinct(trades: Float64Array, quotes: Float64Array): void {
  let trade = 0;
  for (const position of quotes) {
    while (trade < trades.length && trades[trade] < position) trade++;
    if (trades[trade] === position) {
      throw new HindcastError(
        'FIELD_INVALID',
        `position ${position} occurs in trades and in quotes; give both a position column, each place once.`,
      );
    }
  }
}
