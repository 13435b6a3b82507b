import {
  codedColumn,
  sequenceOf,
  sideNames,
  textAt,
  textColumn,
  wordAt,
  type LoggedBatch,
  type QuoteColumns,
  type RejectedRow,
  type TradeColumns,
} from '@hindcast/market';

/** What trades and quotes have in common, a row at a time: for tests only, where a row is easier to read than columns. */
interface TickRow {
  readonly timeUs: number;
  readonly symbol: string;
  readonly sequence: number;
  readonly market: string;
  readonly exchange: string;
  readonly id: string;
  readonly receivedAtUs: number;
  readonly source: string;
  readonly conditions: string;
}

export interface TradeRow extends TickRow {
  readonly price: number;
  readonly size: number;
  readonly side: '' | 'B' | 'S';
  readonly sideInferred: boolean;
  readonly late: boolean;
}

/** NaN where a side of the book is absent. */
export interface QuoteRow extends TickRow {
  readonly bid: number;
  readonly bidSize: number;
  readonly ask: number;
  readonly askSize: number;
}

/** A batch as the log holds it: rows in the given order, trades first, their sequences made of `number` and position. */
export function loggedBatch({
  number,
  trades = [],
  quotes = [],
  rejected = [],
}: {
  readonly number: number;
  readonly trades?: readonly Omit<TradeRow, 'sequence'>[];
  readonly quotes?: readonly Omit<QuoteRow, 'sequence'>[];
  readonly rejected?: readonly Omit<RejectedRow, 'position'>[];
}): LoggedBatch {
  return {
    number,
    source: 'test',
    receivedAtUs: 1_700_000_000_000_000,
    slackUs: 0,
    marks: [],
    trades: tradeColumnsOf(trades.map((row, position) => ({ ...row, sequence: sequenceOf(number, position) }))),
    quotes: quoteColumnsOf(quotes.map((row, position) => ({ ...row, sequence: sequenceOf(number, trades.length + position) }))),
    rejected: rejected.map((row, position) => ({ ...row, position: trades.length + quotes.length + position })),
  };
}

export function tradeColumnsOf(rows: readonly TradeRow[]): TradeColumns {
  return {
    ...tickColumnsOf(rows),
    price: Float64Array.from(rows, ({ price }) => price),
    size: Float64Array.from(rows, ({ size }) => size),
    side: Uint8Array.from(rows, ({ side }) => sideNames.indexOf(side)),
    sideInferred: Uint8Array.from(rows, ({ sideInferred }) => Number(sideInferred)),
    late: Uint8Array.from(rows, ({ late }) => Number(late)),
  };
}

export function quoteColumnsOf(rows: readonly QuoteRow[]): QuoteColumns {
  return {
    ...tickColumnsOf(rows),
    bid: Float64Array.from(rows, ({ bid }) => bid),
    bidSize: Float64Array.from(rows, ({ bidSize }) => bidSize),
    ask: Float64Array.from(rows, ({ ask }) => ask),
    askSize: Float64Array.from(rows, ({ askSize }) => askSize),
  };
}

export function tradeRowsOf(columns: TradeColumns): TradeRow[] {
  return Array.from({ length: columns.length }, (_, row) => ({
    ...tickRowOf(columns, row),
    price: columns.price[row],
    size: columns.size[row],
    side: sideNames[columns.side[row] as 0 | 1 | 2],
    sideInferred: columns.sideInferred[row] === 1,
    late: columns.late[row] === 1,
  }));
}

export function quoteRowsOf(columns: QuoteColumns): QuoteRow[] {
  return Array.from({ length: columns.length }, (_, row) => ({
    ...tickRowOf(columns, row),
    bid: columns.bid[row],
    bidSize: columns.bidSize[row],
    ask: columns.ask[row],
    askSize: columns.askSize[row],
  }));
}

function tickColumnsOf(rows: readonly TickRow[]) {
  return {
    length: rows.length,
    timeUs: Float64Array.from(rows, ({ timeUs }) => timeUs),
    symbol: codedColumn(rows.map(({ symbol }) => symbol)),
    sequence: Float64Array.from(rows, ({ sequence }) => sequence),
    market: codedColumn(rows.map(({ market }) => market)),
    exchange: codedColumn(rows.map(({ exchange }) => exchange)),
    id: textColumn(rows.map(({ id }) => id)),
    receivedAtUs: Float64Array.from(rows, ({ receivedAtUs }) => receivedAtUs),
    source: codedColumn(rows.map(({ source }) => source)),
    conditions: codedColumn(rows.map(({ conditions }) => conditions)),
  };
}

function tickRowOf(columns: TradeColumns | QuoteColumns, row: number): TickRow {
  return {
    timeUs: columns.timeUs[row],
    symbol: wordAt(columns.symbol, row),
    sequence: columns.sequence[row],
    market: wordAt(columns.market, row),
    exchange: wordAt(columns.exchange, row),
    id: textAt(columns.id, row),
    receivedAtUs: columns.receivedAtUs[row],
    source: wordAt(columns.source, row),
    conditions: wordAt(columns.conditions, row),
  };
}
