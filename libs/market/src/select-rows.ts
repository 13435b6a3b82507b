import type { CodedColumn, QuoteColumns, TextColumn, TradeColumns } from './columns.js';

/** Which rows of a batch stay, in order. */
export interface RowSelection {
  readonly rows: Uint32Array;
  readonly count: number;
}

export function selectTrades(columns: TradeColumns, kept: RowSelection): TradeColumns {
  if (kept.count === columns.length) return columns;
  return {
    ...selectCommon(columns, kept),
    price: selectNumbers(columns.price, kept),
    size: selectNumbers(columns.size, kept),
    side: selectBytes(columns.side, kept),
    sideInferred: selectBytes(columns.sideInferred, kept),
    late: selectBytes(columns.late, kept),
  };
}

export function selectQuotes(columns: QuoteColumns, kept: RowSelection): QuoteColumns {
  if (kept.count === columns.length) return columns;
  return {
    ...selectCommon(columns, kept),
    bid: selectNumbers(columns.bid, kept),
    bidSize: selectNumbers(columns.bidSize, kept),
    ask: selectNumbers(columns.ask, kept),
    askSize: selectNumbers(columns.askSize, kept),
  };
}

type CommonColumns = Pick<TradeColumns, keyof TradeColumns & keyof QuoteColumns>;

function selectCommon(columns: CommonColumns, kept: RowSelection): CommonColumns {
  return {
    length: kept.count,
    timeUs: selectNumbers(columns.timeUs, kept),
    symbol: selectCodes(columns.symbol, kept),
    sequence: selectNumbers(columns.sequence, kept),
    market: selectCodes(columns.market, kept),
    exchange: selectCodes(columns.exchange, kept),
    id: selectText(columns.id, kept),
    receivedAtUs: selectNumbers(columns.receivedAtUs, kept),
    source: selectCodes(columns.source, kept),
    conditions: selectCodes(columns.conditions, kept),
  };
}

/** A run of rows. */
export function sliceTrades(columns: TradeColumns, from: number, to: number): TradeColumns {
  return selectTrades(columns, range(from, to));
}

export function sliceQuotes(columns: QuoteColumns, from: number, to: number): QuoteColumns {
  return selectQuotes(columns, range(from, to));
}

/** The first rows, of whichever columns there are. */
export function firstRows<Columns extends { readonly length: number }>(columns: Columns, count: number): Columns {
  const kept = range(0, count);
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]: [string, unknown]) => [name, name === 'length' ? count : selectColumn(column, kept)]),
  ) as unknown as Columns;
}

function selectColumn(column: unknown, kept: RowSelection): unknown {
  if (ArrayBuffer.isView(column)) return (column as Float64Array | Uint8Array).slice(0, kept.count);
  return 'codes' in (column as CodedColumn | TextColumn)
    ? selectCodes(column as CodedColumn, kept)
    : selectText(column as TextColumn, kept);
}

function range(from: number, to: number): RowSelection {
  return { rows: Uint32Array.from({ length: to - from }, (_, at) => from + at), count: to - from };
}

function selectNumbers(values: Float64Array, { rows, count }: RowSelection): Float64Array {
  const selected = new Float64Array(count);
  for (let at = 0; at < count; at++) selected[at] = values[rows[at]];
  return selected;
}

function selectBytes(values: Uint8Array, { rows, count }: RowSelection): Uint8Array {
  const selected = new Uint8Array(count);
  for (let at = 0; at < count; at++) selected[at] = values[rows[at]];
  return selected;
}

/** Words that no row uses any more are left out: what was rejected is not to travel on in the lists. */
function selectCodes(column: CodedColumn, { rows, count }: RowSelection): CodedColumn {
  const codes = new Uint16Array(count);
  const values: string[] = [];
  const codeOf = new Int32Array(column.values.length).fill(-1);
  for (let at = 0; at < count; at++) {
    const code = column.codes[rows[at]];
    if (codeOf[code] < 0) codeOf[code] = values.push(column.values[code]) - 1;
    codes[at] = codeOf[code];
  }
  return { codes, values };
}

function selectText(column: TextColumn, { rows, count }: RowSelection): TextColumn {
  const offsets = new Int32Array(count + 1);
  for (let at = 0; at < count; at++) offsets[at + 1] = offsets[at] + column.offsets[rows[at] + 1] - column.offsets[rows[at]];
  const bytes = new Uint8Array(offsets[count]);
  for (let at = 0; at < count; at++) bytes.set(column.bytes.subarray(column.offsets[rows[at]], column.offsets[rows[at] + 1]), offsets[at]);
  return { offsets, bytes };
}
