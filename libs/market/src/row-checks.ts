import { isoFromUs, rejectionCodes, type RejectionCode, type TickKind } from '@hindcast/contracts';
import { textAt, wordAt, sideNames, type CodedColumn, type QuoteColumns, type TextColumn, type TradeColumns } from './columns.js';
import { isExchange, isMarket, isSymbol } from './instrument.js';
import type { RejectedRow } from './tick-batch.js';

export interface PriceBand {
  readonly min: number;
  readonly max: number;
}

export interface AdmissionLimits {
  /** How far ahead of the clock an event time may be. */
  readonly maxAheadUs: number;
  /** Allowed prices by symbol; a symbol without one has no band. */
  readonly priceBands: ReadonlyMap<string, PriceBand>;
}

export interface Objection {
  readonly code: RejectionCode;
  readonly field: string;
}

const idBytesMax = 64;
const conditionsMax = 64;
const printableAscii = /^[\x20-\x7e]*$/;

/** Checks that do not depend on what was seen before; words are checked once for each word of the batch, not for each row. */
export class RowChecks {
  private readonly symbolOk: boolean[];
  private readonly marketOk: boolean[];
  private readonly exchangeOk: boolean[];
  private readonly conditionsOk: boolean[];
  private readonly bands: (PriceBand | undefined)[];
  private readonly latestUs: number;

  constructor(
    private readonly columns: TradeColumns | QuoteColumns,
    { nowUs, limits }: { readonly nowUs: number; readonly limits: AdmissionLimits },
  ) {
    this.symbolOk = columns.symbol.values.map(isSymbol);
    this.marketOk = columns.market.values.map(isMarket);
    this.exchangeOk = columns.exchange.values.map(isExchange);
    this.conditionsOk = columns.conditions.values.map((text) => text.length <= conditionsMax && printableAscii.test(text));
    this.bands = columns.symbol.values.map((symbol) => limits.priceBands.get(symbol));
    this.latestUs = nowUs + limits.maxAheadUs;
  }

  trade(row: number): Objection | undefined {
    const columns = this.columns as TradeColumns;
    const common = this.common(row);
    if (common) return common;
    const price = columns.price[row];
    if (!isPositive(price)) return { code: 'PRICE_INVALID', field: 'price' };
    if (!isPositive(columns.size[row])) return { code: 'SIZE_INVALID', field: 'size' };
    if (columns.side[row] >= sideNames.length) return { code: 'SIDE_INVALID', field: 'side' };
    return this.outsideBand(row, price) ? { code: 'PRICE_OUT_OF_BAND', field: 'price' } : undefined;
  }

  quote(row: number): Objection | undefined {
    const columns = this.columns as QuoteColumns;
    const common = this.common(row);
    if (common) return common;
    const bid = columns.bid[row];
    const ask = columns.ask[row];
    if (!isPositive(bid) && !Number.isNaN(bid)) return { code: 'PRICE_INVALID', field: 'bid' };
    if (!isPositive(ask) && !Number.isNaN(ask)) return { code: 'PRICE_INVALID', field: 'ask' };
    if (Number.isNaN(bid) && Number.isNaN(ask)) return { code: 'QUOTE_EMPTY', field: 'bid' };
    if (!isQuoteSize(columns.bidSize[row])) return { code: 'SIZE_INVALID', field: 'bid_size' };
    if (!isQuoteSize(columns.askSize[row])) return { code: 'SIZE_INVALID', field: 'ask_size' };
    if (this.outsideBand(row, bid)) return { code: 'PRICE_OUT_OF_BAND', field: 'bid' };
    return this.outsideBand(row, ask) ? { code: 'PRICE_OUT_OF_BAND', field: 'ask' } : undefined;
  }

  private common(row: number): Objection | undefined {
    const { columns } = this;
    if (!this.symbolOk[columns.symbol.codes[row]]) return { code: 'SYMBOL_INVALID', field: 'symbol' };
    if (!this.marketOk[columns.market.codes[row]]) return { code: 'MARKET_INVALID', field: 'market' };
    if (!this.exchangeOk[columns.exchange.codes[row]]) return { code: 'EXCHANGE_INVALID', field: 'exchange' };
    const timeUs = columns.timeUs[row];
    if (!(timeUs >= 0) || !Number.isSafeInteger(timeUs)) return { code: 'TIME_INVALID', field: 'timestamp' };
    if (timeUs > this.latestUs) return { code: 'TIME_IN_FUTURE', field: 'timestamp' };
    if (!this.conditionsOk[columns.conditions.codes[row]]) return { code: 'CONDITIONS_INVALID', field: 'conditions' };
    return isId(columns.id, row) ? undefined : { code: 'ID_INVALID', field: 'id' };
  }

  private outsideBand(row: number, price: number): boolean {
    const band = this.bands[this.columns.symbol.codes[row]];
    return band !== undefined && (price < band.min || price > band.max);
  }
}

function isPositive(value: number): boolean {
  return value > 0 && value < Infinity;
}

function isQuoteSize(size: number): boolean {
  return Number.isNaN(size) || (size >= 0 && size < Infinity);
}

function isId(column: TextColumn, row: number): boolean {
  const start = column.offsets[row];
  const end = column.offsets[row + 1];
  if (end === start || end - start > idBytesMax) return false;
  for (let at = start; at < end; at++) {
    if (column.bytes[at] < 0x21 || column.bytes[at] > 0x7e) return false;
  }
  return true;
}

const rejectedTextMax = 1_000;

/** The row as it will rest among the rejected ones, its values spelled as the JSON door takes them. */
export function rejectedRow(table: TickKind, columns: TradeColumns | QuoteColumns, row: number, { code, field }: Objection): RejectedRow {
  const sent = table === 'trades' ? tradeText(columns as TradeColumns, row) : quoteText(columns as QuoteColumns, row);
  const idField = table === 'trades' ? 'trade_id' : 'quote_id';
  return {
    table,
    position: columns.sequence[row],
    code,
    field: field === 'id' ? idField : field,
    message: rejectionCodes[code],
    text: JSON.stringify(sent).slice(0, rejectedTextMax),
  };
}

function tradeText(columns: TradeColumns, row: number): object {
  return {
    ...commonText(columns, row),
    trade_id: textAt(columns.id, row),
    price: numberText(columns.price[row]),
    size: numberText(columns.size[row]),
    side: sideNames[columns.side[row] as 0 | 1 | 2] || null,
    conditions: wordAt(columns.conditions, row) || null,
  };
}

function quoteText(columns: QuoteColumns, row: number): object {
  return {
    ...commonText(columns, row),
    quote_id: textAt(columns.id, row),
    bid: numberText(columns.bid[row]),
    bid_size: numberText(columns.bidSize[row]),
    ask: numberText(columns.ask[row]),
    ask_size: numberText(columns.askSize[row]),
    conditions: wordAt(columns.conditions, row) || null,
  };
}

function commonText(
  columns: { timeUs: Float64Array; symbol: CodedColumn; market: CodedColumn; exchange: CodedColumn },
  row: number,
): object {
  const timeUs = columns.timeUs[row];
  const printable = Number.isSafeInteger(timeUs) && Math.abs(timeUs) <= 8.64e15;
  return {
    symbol: wordAt(columns.symbol, row),
    market: wordAt(columns.market, row),
    exchange: wordAt(columns.exchange, row) || null,
    timestamp: printable ? isoFromUs(timeUs) : String(timeUs),
  };
}

/** JSON has no NaN or Infinity; their names say more than null. */
function numberText(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
