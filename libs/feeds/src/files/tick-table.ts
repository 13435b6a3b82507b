import type { TickKind } from '@hindcast/contracts';
import { sideCodes, type Instrument } from '@hindcast/market';
import { flagOf, numberOf, sideOf, sideOfBuyerMaker, timeUsOf, type TimestampUnit } from './field-text.js';
import type { RawBlock } from './raw-table.js';
import { idBytesMax } from './tick-batches.js';
import type { RowFault } from './tick-reader.js';

/** What a column may mean. */
export const commonFields = ['timestamp', 'symbol', 'market', 'exchange', 'id', 'conditions', 'source'] as const;
export const tradeFields = [...commonFields, 'price', 'size', 'side', 'buyer_maker', 'side_inferred'] as const;
export const quoteFields = [...commonFields, 'bid', 'bid_size', 'ask', 'ask_size'] as const;
export type TickField = (typeof tradeFields)[number] | (typeof quoteFields)[number];

/** The words that a file has for whom a row is of. */
export interface RowWords {
  readonly exchange: string;
  readonly symbol: string;
  readonly market: string;
}

/** What the table of a file is understood to say. */
export interface TickTable {
  /** For people: `tardis.dev trades`. */
  readonly format: string;
  readonly kind: TickKind;
  /** The column of each field that the file has. */
  readonly fields: Readonly<Partial<Record<TickField, number>>>;
  readonly timestampUnit: TimestampUnit;
  /** Undefined where the words name nobody. */
  readonly instrumentOf: (words: RowWords) => Instrument | undefined;
  /** What all rows are of, where one file has one instrument. */
  readonly instrument?: Instrument;
  /** Who gave a row's ids, where its words tell it; undefined where these do not. */
  readonly sourceOf?: (words: RowWords) => string | undefined;
  /** Who gave the ids, where neither a column nor a row's words say it. */
  readonly source: string;
  /** Our exchange column; the file's word for the exchange may already be in the market. */
  readonly keepsExchange: boolean;
}

/** Ticks of a block, in the order of the file. */
export interface TickRows {
  readonly length: number;
  readonly timeUs: Float64Array;
  readonly lines: Float64Array;
  readonly instruments: readonly Instrument[];
  readonly exchange: readonly string[];
  readonly conditions: readonly string[];
  readonly source: readonly string[];
  /** The empty word where the file gives none. */
  readonly id: readonly string[];
  readonly first: Float64Array;
  readonly firstSize: Float64Array;
  readonly second: Float64Array;
  readonly secondSize: Float64Array;
  readonly side: Uint8Array;
  readonly faults: ReadonlyMap<number, RowFault>;
}

interface Understood {
  readonly instrument: Instrument | undefined;
  readonly source: string;
}

const nobody: Instrument = { market: '', symbol: '' };

/** Words of a table as ticks. Remembers what it has made of a pair of words, because they repeat. */
export class TickConverter {
  private readonly understood = new Map<string, Understood>();
  /** A row without a time keeps its place behind the row before it. */
  private previousUs = 0;

  constructor(private readonly table: TickTable) {}

  convert(block: RawBlock): TickRows {
    const { length } = block;
    const rows = {
      length,
      lines: block.lines.subarray(0, length),
      timeUs: new Float64Array(length),
      instruments: new Array<Instrument>(length).fill(nobody),
      exchange: new Array<string>(length).fill(''),
      conditions: new Array<string>(length).fill(''),
      source: new Array<string>(length).fill(this.table.source),
      id: new Array<string>(length).fill(''),
      first: new Float64Array(length).fill(NaN),
      firstSize: new Float64Array(length).fill(NaN),
      second: new Float64Array(length).fill(NaN),
      secondSize: new Float64Array(length).fill(NaN),
      side: new Uint8Array(length),
      faults: new Map<number, RowFault>(),
    };
    for (let row = 0; row < length; row++) {
      const fault = block.faults.get(row) ?? this.convertRow(block, row, rows);
      if (fault !== undefined) {
        rows.faults.set(row, { message: fault, text: block.text(row) });
        if (!(rows.timeUs[row] > 0)) rows.timeUs[row] = this.previousUs;
      }
      this.previousUs = rows.timeUs[row];
    }
    return rows;
  }

  /** What is wrong with the row, if anything. */
  private convertRow({ columns }: RawBlock, row: number, rows: WritableRows): string | undefined {
    const { fields, timestampUnit, kind, keepsExchange } = this.table;
    const cell = (field: TickField): string => {
      const column = fields[field];
      return column === undefined ? '' : columns[column][row];
    };
    const timeUs = timeUsOf(cell('timestamp'), timestampUnit);
    if (!Number.isSafeInteger(timeUs)) return wrong('timestamp', cell('timestamp'), 'a time');
    rows.timeUs[row] = timeUs;
    const words = { exchange: cell('exchange'), symbol: cell('symbol'), market: cell('market') };
    const { instrument, source } = this.understand(words);
    rows.source[row] = cell('source') || source;
    if (!instrument) return `${JSON.stringify(words.symbol.slice(0, 64))} names no symbol`;
    rows.instruments[row] = instrument;
    if (keepsExchange) rows.exchange[row] = words.exchange;
    rows.conditions[row] = cell('conditions');
    rows.id[row] = cell('id');
    // Whatever is longer would not fit, and be let in as another.
    if (Buffer.byteLength(rows.id[row]) > idBytesMax) return wrong('id', rows.id[row], `an id of ${idBytesMax} bytes at most`);
    return kind === 'trades' ? tradeValues(cell, row, rows) : quoteValues(cell, row, rows);
  }

  private understand(words: RowWords): Understood {
    const key = `${words.exchange}\n${words.symbol}\n${words.market}`;
    let understood = this.understood.get(key);
    if (understood) return understood;
    const { table } = this;
    understood = { instrument: table.instrumentOf(words), source: table.sourceOf?.(words) ?? table.source };
    // A column that is no symbol would have a new word in each row.
    if (this.understood.size < rememberedMax) this.understood.set(key, understood);
    return understood;
  }
}

const rememberedMax = 100_000;

type WritableRows = { readonly [Name in keyof TickRows]: TickRows[Name] extends readonly (infer Value)[] ? Value[] : TickRows[Name] };
type CellOf = (field: TickField) => string;

function tradeValues(cell: CellOf, row: number, rows: WritableRows): string | undefined {
  const price = numberOf(cell('price'));
  if (price === undefined) return wrong('price', cell('price'), 'a number');
  const size = numberOf(cell('size'));
  if (size === undefined) return wrong('size', cell('size'), 'a number');
  rows.first[row] = price;
  rows.firstSize[row] = size;
  const side = sideOfRow(cell);
  if (side === undefined) return wrong('side', cell('side') || cell('buyer_maker'), "the aggressor's side, as buy or sell");
  rows.side[row] = side;
  return undefined;
}

/** A side that our own tick rule gave is not part of what was told. */
function sideOfRow(cell: CellOf): number | undefined {
  if (flagOf(cell('side_inferred')) === true) return sideCodes.none;
  const makers = cell('buyer_maker');
  return makers === '' ? sideOf(cell('side')) : sideOfBuyerMaker(makers);
}

const quoteNumbers = ['bid', 'bid_size', 'ask', 'ask_size'] as const;

function quoteValues(cell: CellOf, row: number, rows: WritableRows): string | undefined {
  for (const field of quoteNumbers) {
    if (numberOf(cell(field)) === undefined) return wrong(field, cell(field), 'a number');
  }
  [rows.first[row], rows.firstSize[row]] = half(cell('bid'), cell('bid_size'));
  [rows.second[row], rows.secondSize[row]] = half(cell('ask'), cell('ask_size'));
  return undefined;
}

/** A side of a quote without a price, or with a price of 0, is absent, its size too. */
function half(price: string, size: string): readonly [number, number] {
  const value = Number(price || NaN);
  return Number.isNaN(value) || value === 0 ? [NaN, NaN] : [value, numberOf(size) ?? NaN];
}

function wrong(field: string, text: string, allowed: string): string {
  return `${field} is ${JSON.stringify(text.slice(0, 64))}, which is not ${allowed}`;
}
