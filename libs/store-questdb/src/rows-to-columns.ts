import {
  codedColumn,
  constantColumn,
  sideCodes,
  textColumn,
  type Instrument,
  type QuoteColumns,
  type TradeColumns,
} from '@hindcast/market';
import type { SqlRow } from './questdb-http.js';

/**
 * How one column of ticks is asked for, and what its place in the rows becomes. JSON writes doubles with all the digits that
 * they need and whole numbers in full, so nothing is lost here.
 */
interface TickField {
  readonly select: string;
  readonly read: (rows: readonly SqlRow[], at: number) => unknown;
}

type Own<Columns> = Record<Exclude<keyof Columns, 'length' | 'symbol' | 'market'>, TickField>;

const common = {
  timeUs: { select: 'timestamp::long', read: numbers },
  sequence: { select: 'sequence', read: numbers },
  exchange: { select: 'exchange', read: words },
};

const origin = {
  receivedAtUs: { select: 'received_at::long', read: numbers },
  source: { select: 'source', read: words },
  conditions: { select: 'conditions', read: words },
};

const tradeFields: Own<TradeColumns> = {
  ...common,
  id: { select: 'trade_id', read: ids },
  price: { select: 'price', read: numbers },
  size: { select: 'size', read: numbers },
  side: { select: 'side', read: sides },
  sideInferred: { select: 'side_inferred', read: flags },
  late: { select: 'late', read: flags },
  ...origin,
};

const quoteFields: Own<QuoteColumns> = {
  ...common,
  id: { select: 'quote_id', read: ids },
  bid: { select: 'bid', read: numbers },
  bidSize: { select: 'bid_size', read: numbers },
  ask: { select: 'ask', read: numbers },
  askSize: { select: 'ask_size', read: numbers },
  ...origin,
};

/** The columns that a question is about: what it selects, time and sequence first, and what becomes of the rows. */
export interface TickSelection<Columns> {
  readonly select: string;
  readonly columns: (rows: readonly SqlRow[], instrument: Instrument) => Columns;
}

/** All columns where none are named. */
export function tradeSelection(names?: readonly (keyof TradeColumns)[]): TickSelection<TradeColumns> {
  return selectionOf<TradeColumns>(tradeFields, names);
}

export function quoteSelection(names?: readonly (keyof QuoteColumns)[]): TickSelection<QuoteColumns> {
  return selectionOf<QuoteColumns>(quoteFields, names);
}

/** Time and sequence always and first: pages end with them. */
function selectionOf<Columns>(fields: Own<Columns>, names: readonly (keyof Columns)[] | undefined): TickSelection<Columns> {
  const isNamed = (name: string): boolean => names === undefined || names.includes(name as keyof Columns);
  const constants = (['symbol', 'market'] as const).filter(isNamed);
  const selected = Object.entries<TickField>(fields).filter(([name]) => name === 'timeUs' || name === 'sequence' || isNamed(name));
  return {
    select: selected.map(([, { select }]) => select).join(', '),
    columns: (rows, instrument) =>
      ({
        length: rows.length,
        ...Object.fromEntries(constants.map((name) => [name, constantColumn(instrument[name], rows.length)])),
        ...Object.fromEntries(selected.map(([name, { read }], at) => [name, read(rows, at)])),
      }) as Columns,
  };
}

/** Null is NaN. */
function numbers(rows: readonly SqlRow[], column: number): Float64Array {
  return Float64Array.from(rows, (row) => (row[column] ?? NaN) as number);
}

function flags(rows: readonly SqlRow[], column: number): Uint8Array {
  return Uint8Array.from(rows, (row) => (row[column] === true ? 1 : 0));
}

/** Null is the empty word. */
function texts(rows: readonly SqlRow[], column: number): readonly string[] {
  return rows.map((row) => (row[column] ?? '') as string);
}

function ids(rows: readonly SqlRow[], column: number) {
  return textColumn(texts(rows, column));
}

function sides(rows: readonly SqlRow[], column: number): Uint8Array {
  return Uint8Array.from(rows, ({ [column]: side }) => (side === 'B' ? sideCodes.buy : side === 'S' ? sideCodes.sell : sideCodes.none));
}

function words(rows: readonly SqlRow[], column: number) {
  return codedColumn(texts(rows, column));
}
