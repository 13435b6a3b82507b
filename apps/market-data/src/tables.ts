import { HindcastError, isoFromUs } from '@hindcast/contracts';
import {
  codedColumn,
  column,
  numberKind,
  optionalNumberKind,
  quoteStream,
  sideNames,
  tableCodec,
  textAt,
  timestampKind,
  tradeStream,
  wholeNumberKind,
  wordAt,
  wordKind,
  type CodedColumn,
  type QuoteColumns,
  type TableStream,
  type TradeColumns,
} from '@hindcast/market';
import type { BarRow, StateRow } from '@hindcast/ports';

export type Cell = string | number | boolean | null;

/** How one table is shown: its columns as text, its Arrow stream, and where reading goes on after a row. */
export interface TableView<Piece extends { readonly length: number }> {
  readonly name: 'trades' | 'quotes' | 'bars' | 'states';
  readonly columns: readonly { readonly name: string; readonly cell: (piece: Piece, row: number) => Cell }[];
  /** With these columns only, in this order, where they are named. */
  readonly arrow: (names?: readonly string[]) => { write(piece: Piece): Uint8Array; finish(): Uint8Array };
  readonly cursor: (piece: Piece, row: number) => string;
}

/** The table with these columns only, in this order; FIELD_INVALID for a name that is none of its columns, or comes twice. */
export function viewOf<Piece extends { readonly length: number }>(view: TableView<Piece>, names: readonly string[]): TableView<Piece> {
  const known = new Map(view.columns.map((shown) => [shown.name, shown]));
  const columns = names.map((name, at) => {
    const shown = known.get(name);
    if (shown && names.indexOf(name) === at) return shown;
    const fault = shown ? 'is named twice' : `is no column of ${view.name}`;
    const allowed = [...known.keys()].join(', ');
    throw new HindcastError('FIELD_INVALID', `columns: ${JSON.stringify(name.slice(0, shownNameMax))} ${fault}; allowed are ${allowed}`);
  });
  return { ...view, columns, arrow: () => view.arrow(names) };
}

const shownNameMax = 64;

/** JSON and CSV have no NaN: an absent number is null, or nothing between two commas. */
const present = (value: number): number | null => (Number.isNaN(value) ? null : value);
const word = (text: string): string | null => (text === '' ? null : text);

type Common = Pick<TradeColumns, keyof TradeColumns & keyof QuoteColumns>;

const tickColumns = {
  timestamp: { name: 'timestamp', cell: (piece: Common, row: number): Cell => isoFromUs(piece.timeUs[row]) },
  symbol: { name: 'symbol', cell: (piece: Common, row: number): Cell => wordAt(piece.symbol, row) },
  sequence: { name: 'sequence', cell: (piece: Common, row: number): Cell => piece.sequence[row] },
  market: { name: 'market', cell: (piece: Common, row: number): Cell => wordAt(piece.market, row) },
  exchange: { name: 'exchange', cell: (piece: Common, row: number): Cell => word(wordAt(piece.exchange, row)) },
  receivedAt: { name: 'received_at', cell: (piece: Common, row: number): Cell => isoFromUs(piece.receivedAtUs[row]) },
  source: { name: 'source', cell: (piece: Common, row: number): Cell => wordAt(piece.source, row) },
  conditions: { name: 'conditions', cell: (piece: Common, row: number): Cell => word(wordAt(piece.conditions, row)) },
};

const tickCursor = (piece: Common, row: number): string => `${piece.timeUs[row]}-${piece.sequence[row]}`;

export const tradesView: TableView<TradeColumns> = {
  name: 'trades',
  columns: [
    tickColumns.timestamp,
    tickColumns.symbol,
    tickColumns.sequence,
    tickColumns.market,
    tickColumns.exchange,
    { name: 'trade_id', cell: (piece, row) => textAt(piece.id, row) },
    { name: 'price', cell: (piece, row) => piece.price[row] },
    { name: 'size', cell: (piece, row) => piece.size[row] },
    { name: 'side', cell: (piece, row) => word(sideNames[piece.side[row] as 0 | 1 | 2]) },
    { name: 'side_inferred', cell: (piece, row) => piece.sideInferred[row] === 1 },
    { name: 'late', cell: (piece, row) => piece.late[row] === 1 },
    tickColumns.receivedAt,
    tickColumns.source,
    tickColumns.conditions,
  ],
  arrow: tradeStream,
  cursor: tickCursor,
};

export const quotesView: TableView<QuoteColumns> = {
  name: 'quotes',
  columns: [
    tickColumns.timestamp,
    tickColumns.symbol,
    tickColumns.sequence,
    tickColumns.market,
    tickColumns.exchange,
    { name: 'quote_id', cell: (piece, row) => textAt(piece.id, row) },
    { name: 'bid', cell: (piece, row) => present(piece.bid[row]) },
    { name: 'bid_size', cell: (piece, row) => present(piece.bidSize[row]) },
    { name: 'ask', cell: (piece, row) => present(piece.ask[row]) },
    { name: 'ask_size', cell: (piece, row) => present(piece.askSize[row]) },
    tickColumns.receivedAt,
    tickColumns.source,
    tickColumns.conditions,
  ],
  arrow: quoteStream,
  cursor: tickCursor,
};

/** Rows as objects, with the name that each property has outside. */
type RowField<Row> = {
  readonly [Name in string]: { readonly property: keyof Row; readonly kind: 'time' | 'word' | 'number' | 'optional' | 'whole' };
};

const barFields = {
  timestamp: { property: 'startUs', kind: 'time' },
  symbol: { property: 'symbol', kind: 'word' },
  market: { property: 'market', kind: 'word' },
  open: { property: 'open', kind: 'number' },
  high: { property: 'high', kind: 'number' },
  low: { property: 'low', kind: 'number' },
  close: { property: 'close', kind: 'number' },
  volume: { property: 'volume', kind: 'number' },
  vwap: { property: 'vwap', kind: 'number' },
  buy_volume: { property: 'buyVolume', kind: 'number' },
  sell_volume: { property: 'sellVolume', kind: 'number' },
  trades: { property: 'trades', kind: 'whole' },
} satisfies RowField<BarRow>;

const stateFields = {
  timestamp: { property: 'timeUs', kind: 'time' },
  symbol: { property: 'symbol', kind: 'word' },
  market: { property: 'market', kind: 'word' },
  mass: { property: 'mass', kind: 'number' },
  velocity: { property: 'velocity', kind: 'number' },
  momentum: { property: 'momentum', kind: 'number' },
  friction: { property: 'friction', kind: 'number' },
  entropy: { property: 'entropy', kind: 'number' },
  nash_dist: { property: 'nashDistance', kind: 'number' },
  alpha_coefficient: { property: 'alphaCoefficient', kind: 'optional' },
  regime: { property: 'regime', kind: 'word' },
  price: { property: 'price', kind: 'number' },
  volume: { property: 'volume', kind: 'number' },
  signed_volume: { property: 'signedVolume', kind: 'number' },
  trades: { property: 'trades', kind: 'whole' },
  mode: { property: 'mode', kind: 'word' },
} satisfies RowField<StateRow>;

const arrowKinds = { time: timestampKind, word: wordKind, number: numberKind, optional: optionalNumberKind, whole: wholeNumberKind };

export const barsView: TableView<readonly BarRow[]> = rowsView('bars', barFields, (bar) => bar.startUs);
export const statesView: TableView<readonly StateRow[]> = rowsView('states', stateFields, (state) => state.timeUs);

function rowsView<Row extends object>(
  name: 'bars' | 'states',
  fields: RowField<Row>,
  timeUs: (row: Row) => number,
): TableView<readonly Row[]> {
  const definitions = Object.entries(fields);
  const shown = (names: readonly string[]) => names.flatMap((wanted) => definitions.filter(([column_]) => column_ === wanted));
  return {
    name,
    columns: definitions.map(([column_, { property, kind }]) => ({
      name: column_,
      cell: (rows, row) => (kind === 'time' ? isoFromUs(rows[row][property] as number) : (rows[row][property] as Cell)),
    })),
    arrow: (names) => rowsStream(names ? shown(names) : definitions),
    cursor: (rows, row) => String(timeUs(rows[row])),
  };
}

function rowsStream<Row extends object>(
  definitions: readonly [name: string, field: RowField<Row>[string]][],
): ReturnType<TableView<readonly Row[]>['arrow']> {
  const codec = tableCodec<{ readonly length: number }>(
    definitions.map(([name, { kind }]) => column(name, name, arrowKinds[kind] as typeof numberKind)),
  );
  const stream: TableStream<{ readonly length: number }> = codec.stream();
  const columnsOf = (rows: readonly Row[]): { readonly length: number } => ({
    length: rows.length,
    ...Object.fromEntries(definitions.map(([name, { property, kind }]) => [name, columnOf(rows, property, kind)])),
  });
  return { write: (rows) => stream.write(columnsOf(rows)), finish: () => stream.finish() };
}

function columnOf<Row>(rows: readonly Row[], property: keyof Row, kind: keyof typeof arrowKinds): Float64Array | CodedColumn {
  if (kind === 'word') return codedColumn(rows.map((row) => row[property] as string));
  return Float64Array.from(rows, (row) => (row[property] as number | null) ?? NaN);
}
