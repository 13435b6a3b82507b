import type { DuckDBConnection } from '@duckdb/node-api';
import { constantColumn, type Instrument, type QuoteColumns, type TradeColumns } from '@hindcast/market';
import { codedColumn, type ResultColumns, type RowOrder } from './result-columns.js';
import type { WordBook } from './word-book.js';

/** How one column of ticks is asked for, and what kind of answer that is; ids are answered in two parts. */
interface TickField {
  readonly select: readonly string[];
  readonly kind: 'number' | 'byte' | 'word' | 'id';
}

type Own<Columns> = Record<Exclude<keyof Columns, 'length' | 'symbol' | 'market'>, TickField>;

const number = (select: string): TickField => ({ select: [select], kind: 'number' });
const byte = (select: string): TickField => ({ select: [select], kind: 'byte' });
const word = (select: string): TickField => ({ select: [select], kind: 'word' });

const common = {
  timeUs: number('epoch_us(timestamp)::DOUBLE'),
  sequence: number('sequence::DOUBLE'),
  exchange: word('exchange'),
  id: { select: ['id', 'id_text'], kind: 'id' },
  receivedAtUs: number('epoch_us(received_at)::DOUBLE'),
  source: word('source'),
  conditions: word('conditions'),
} satisfies Partial<Own<TradeColumns>>;

const tradeFields: Own<TradeColumns> = {
  ...common,
  price: number('price'),
  size: number('size'),
  side: byte('side'),
  sideInferred: byte('side_inferred'),
  late: byte('late'),
};

const quoteFields: Own<QuoteColumns> = {
  ...common,
  bid: number('bid'),
  bidSize: number('bid_size'),
  ask: number('ask'),
  askSize: number('ask_size'),
};

/** What an answer needs to become columns of ticks. */
export interface TickAnswer {
  readonly instrument: Instrument;
  readonly columns: ResultColumns;
  readonly words: WordBook;
  readonly reader: DuckDBConnection;
  /** The file's `words`, by its full name. */
  readonly wordsTable: string;
}

/** All columns where none are named. */
export function tradeSelection(names?: readonly (keyof TradeColumns)[]): TickSelection<TradeColumns> {
  return new TickSelection(tradeFields, names);
}

export function quoteSelection(names?: readonly (keyof QuoteColumns)[]): TickSelection<QuoteColumns> {
  return new TickSelection(quoteFields, names);
}

/** The columns that a question is about, time and sequence always and first: rows are put in their order. */
export class TickSelection<Columns> {
  readonly select: string;
  readonly #fields: readonly (TickField & { readonly name: string; readonly at: number })[];
  readonly #constants: readonly (keyof Instrument)[];

  constructor(fields: Own<Columns>, names: readonly (keyof Columns)[] | undefined) {
    const isNamed = (name: string): boolean => names === undefined || names.includes(name as keyof Columns);
    let at = 0;
    this.#constants = (['symbol', 'market'] as const).filter(isNamed);
    this.#fields = Object.entries<TickField>(fields)
      .filter(([name]) => name === 'timeUs' || name === 'sequence' || isNamed(name))
      .map(([name, field]) => {
        const placed = { ...field, name, at };
        at += field.select.length;
        return placed;
      });
    this.select = this.#fields.flatMap(({ select }) => select).join(', ');
  }

  async columns({ instrument, columns, words, reader, wordsTable }: TickAnswer): Promise<Columns> {
    const { length } = columns;
    const [timeUs, sequence] = [columns.doubles(0), columns.doubles(1)];
    const order = columns.order(timeUs, sequence);
    const isRead = (name: string): boolean => !order && (name === 'timeUs' || name === 'sequence');
    const read = this.#fields
      .filter(({ kind, name }) => kind !== 'word' && !isRead(name))
      .map(({ name, kind, at }) => [name, readColumn(columns, { kind, at, order })]);
    const coded = this.#fields.filter(({ kind }) => kind === 'word').map(({ name, at }) => ({ name, codes: columns.codes(at, order) }));
    const used = new Set(coded.flatMap(({ codes }) => codes.used));
    const known = await words.words(reader, wordsTable, [...used]);
    return {
      length,
      timeUs,
      sequence,
      ...Object.fromEntries(this.#constants.map((name) => [name, constantColumn(instrument[name], length)])),
      ...Object.fromEntries(read),
      ...Object.fromEntries(coded.map(({ name, codes }) => [name, codedColumn(codes, known)])),
    } as Columns;
  }
}

function readColumn(
  columns: ResultColumns,
  { kind, at, order }: { readonly kind: TickField['kind']; readonly at: number; readonly order: RowOrder },
): unknown {
  if (kind === 'id') return columns.ids(at, at + 1, order);
  return kind === 'byte' ? columns.bytes(at, order) : columns.doubles(at, order);
}
