import { HindcastError, rejectionCodes, usFromIso, type RejectionCode, type TickKind } from '@hindcast/contracts';
import { emptyQuotes, emptyTrades } from './codec/logged-batch-codec.js';
import { bareTimeUsMin } from './bare-time.js';
import { quoteColumns, tradeColumns, type QuoteFields, type TradeFields } from './column-builders.js';
import { sideCodes } from './columns.js';
import { requireSource } from './source.js';
import { batchRowsMax, type RejectedRow, type TickBatch } from './tick-batch.js';

/**
 * `unknown` becomes a `TickBatch` here, once. A body is one tick, an array of ticks, or an envelope
 * `{source?, market?, offset?, trades|quotes: [...]}`. What is wrong with the body as a whole throws; what is wrong with a row
 * rejects that row alone.
 */
export interface ParseOptions {
  readonly table: TickKind;
  readonly receivedAtUs: number;
  /** Rows one request may carry; they become several batches. */
  readonly rowsMax: number;
}

const defaultSource = 'http';
const defaultMarket = 'usa/equity';
const rowTextMax = 1_000;
/** A field that only an envelope has; `market` is a tick's too. */
const envelopeSigns = ['source', 'offset', 'trades', 'quotes'] as const;

export function parseTickBatches(body: unknown, options: ParseOptions): TickBatch[] {
  const { request, rows } = parseEnvelope(body, options);
  const batches: TickBatch[] = [];
  for (let from = 0; from < rows.length; from += batchRowsMax) {
    batches.push(parseRows(rows.slice(from, from + batchRowsMax), { ...options, request, from }));
  }
  return batches;
}

/** What a request says once for all of its rows. */
export interface TickRequest {
  readonly source: string;
  /** That of rows without one. */
  readonly market: string;
  /** The number of the first row, where rows without an id are to be counted. */
  readonly offset: number | undefined;
}

/** Throws FIELD_INVALID. Ids are counted only where it is also said who counts them. */
export function parseTickRequest({ source, market, offset }: Readonly<Partial<Record<keyof TickRequest, unknown>>>): TickRequest {
  const namedSource = source ?? defaultSource;
  requireSource(namedSource);
  const namedMarket = market ?? defaultMarket;
  if (typeof namedMarket !== 'string')
    throw new HindcastError('FIELD_INVALID', `market is ${JSON.stringify(market)}; it must be text as usa/equity`);
  if (offset !== undefined && (!Number.isSafeInteger(offset) || (offset as number) < 0)) {
    throw new HindcastError('FIELD_INVALID', `offset is ${JSON.stringify(offset)}; it must be a whole number of 0 or more`);
  }
  return { source: namedSource, market: namedMarket, offset: source === undefined ? undefined : (offset as number | undefined) };
}

function parseEnvelope(
  body: unknown,
  { table, rowsMax }: ParseOptions,
): { readonly request: TickRequest; readonly rows: readonly unknown[] } {
  if (typeof body !== 'object' || body === null) {
    throw new HindcastError(
      'BODY_INVALID',
      `the body must be a tick, an array of ticks or an object with \`${table}\`, not ${body === null ? 'null' : typeof body}`,
    );
  }
  const isEnvelope = !Array.isArray(body) && envelopeSigns.some((field) => Object.hasOwn(body, field));
  const envelope = isEnvelope ? (body as Record<string, unknown>) : {};
  const allowed = ['source', 'market', 'offset', table];
  const unknownField = Object.keys(envelope).find((field) => !allowed.includes(field));
  if (unknownField !== undefined)
    throw new HindcastError('FIELD_INVALID', `${unknownField} is not a field of the request; allowed are ${allowed.join(', ')}`);
  const rows: unknown = isEnvelope ? envelope[table] : Array.isArray(body) ? body : [body];
  if (!Array.isArray(rows)) throw new HindcastError('FIELD_INVALID', `${table} must be an array of ticks`);
  requireRows(rows.length, { table, rowsMax });
  return { request: parseTickRequest(envelope), rows };
}

/** Of a whole request, at every HTTP door alike. */
export function requireRows(rows: number, { table, rowsMax }: Pick<ParseOptions, 'table' | 'rowsMax'>): void {
  if (rows === 0) throw new HindcastError('BODY_INVALID', `the request has no ${table}`);
  if (rows > rowsMax) throw new HindcastError('BATCH_TOO_LARGE', `${rows} rows in one request; at most ${rowsMax} are allowed`);
}

/** Without an id a resend cannot be told from a second tick: a request with one row lacking it is refused as a whole. */
function requireIds(rows: readonly unknown[], { table, request, from }: RowsOptions): void {
  if (request.offset !== undefined) return;
  const idField = idFieldOf(table);
  // What is no row at all is rejected as that, alone.
  const isRow = (row: unknown): row is Record<string, unknown> => typeof row === 'object' && row !== null && !Array.isArray(row);
  const missing = rows.findIndex((row) => isRow(row) && (row[idField] ?? undefined) === undefined);
  if (missing >= 0) {
    throw new HindcastError(
      'TRADE_ID_REQUIRED',
      `row ${from + missing} has no ${idField}, and the request does not carry both source and offset`,
    );
  }
}

function idFieldOf(table: TickKind): 'trade_id' | 'quote_id' {
  return table === 'trades' ? 'trade_id' : 'quote_id';
}

interface RowsOptions extends Pick<ParseOptions, 'table' | 'receivedAtUs'> {
  readonly request: TickRequest;
  /** Where the first row stands in the request. */
  readonly from: number;
}

/** One batch of JSON values, `batchRowsMax` at most. Throws TRADE_ID_REQUIRED. */
export function parseRows(rows: readonly unknown[], options: RowsOptions): TickBatch {
  const { table, receivedAtUs, request, from } = options;
  requireIds(rows, options);
  const rejected: RejectedRow[] = [];
  const trades: TradeFields[] = [];
  const quotes: QuoteFields[] = [];
  rows.forEach((row, position) => {
    try {
      const fields = new RowFields(row, table);
      const common = {
        timeUs: fields.timeUs(),
        symbol: fields.word('symbol', 'SYMBOL_INVALID'),
        market: fields.word('market', 'MARKET_INVALID', request.market),
        exchange: fields.word('exchange', 'EXCHANGE_INVALID', ''),
        id: fields.id(request.offset === undefined ? undefined : request.offset + from + position),
        conditions: fields.word('conditions', 'CONDITIONS_INVALID', ''),
        position,
      };
      if (table === 'trades') {
        trades.push({
          ...common,
          price: fields.number('price', 'PRICE_INVALID'),
          size: fields.number('size', 'SIZE_INVALID'),
          side: fields.side(),
        });
      } else {
        quotes.push({
          ...common,
          bid: fields.number('bid', 'PRICE_INVALID', NaN),
          bidSize: fields.number('bid_size', 'SIZE_INVALID', NaN),
          ask: fields.number('ask', 'PRICE_INVALID', NaN),
          askSize: fields.number('ask_size', 'SIZE_INVALID', NaN),
        });
      }
    } catch (error) {
      if (!(error instanceof RowRefused)) throw error;
      rejected.push({ table, position, code: error.code, field: error.field, message: rejectionCodes[error.code], text: textOf(row) });
    }
  });
  const origin = { source: request.source, receivedAtUs };
  return {
    ...origin,
    slackUs: 0,
    trades: table === 'trades' ? tradeColumns(trades, origin) : emptyTrades,
    quotes: table === 'quotes' ? quoteColumns(quotes, origin) : emptyQuotes,
    marks: [],
    rejected,
  };
}

function textOf(row: unknown): string {
  try {
    return (JSON.stringify(row) ?? 'undefined').slice(0, rowTextMax);
  } catch {
    // JSON is read at any depth, and written only as deep as the stack is.
    return 'nested too deep to be shown';
  }
}

function isOtherUnit(value: unknown): boolean {
  return typeof value === 'number' && value < bareTimeUsMin;
}

/** One row's objection; it never leaves this file. */
class RowRefused extends Error {
  constructor(
    readonly code: RejectionCode,
    readonly field: string,
  ) {
    super(code);
  }
}

const fieldsOf: Readonly<Record<TickKind, ReadonlySet<string>>> = {
  trades: new Set(['symbol', 'market', 'exchange', 'timestamp', 'trade_id', 'price', 'size', 'side', 'conditions']),
  quotes: new Set(['symbol', 'market', 'exchange', 'timestamp', 'quote_id', 'bid', 'bid_size', 'ask', 'ask_size', 'conditions']),
};

/** Typed reading of one JSON row; ranges are admission's business. */
class RowFields {
  private readonly row: Record<string, unknown>;

  constructor(
    row: unknown,
    private readonly table: TickKind,
  ) {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) throw new RowRefused('ROW_INVALID', '');
    const unknownField = Object.keys(row).find((field) => !fieldsOf[table].has(field));
    if (unknownField !== undefined) throw new RowRefused('ROW_INVALID', unknownField.slice(0, 64));
    this.row = row as Record<string, unknown>;
  }

  word(field: string, code: RejectionCode, absent?: string): string {
    const value = this.row[field] ?? absent;
    if (typeof value !== 'string') throw new RowRefused(code, field);
    return value;
  }

  number(field: string, code: RejectionCode, absent?: number): number {
    const value = this.row[field] ?? absent;
    if (typeof value !== 'number') throw new RowRefused(code, field);
    return value;
  }

  side(): number {
    const side = this.row['side'] ?? '';
    if (side === '') return sideCodes.none;
    if (side === 'B') return sideCodes.buy;
    if (side === 'S') return sideCodes.sell;
    throw new RowRefused('SIDE_INVALID', 'side');
  }

  timeUs(): number {
    const value = this.row['timestamp'];
    const timeUs = typeof value === 'string' ? usFromIso(value) : value;
    if (typeof timeUs !== 'number' || !Number.isSafeInteger(timeUs) || isOtherUnit(value))
      throw new RowRefused('TIME_INVALID', 'timestamp');
    return timeUs;
  }

  /** A number beyond 2^53 has already lost digits in JSON: only text carries such an id. */
  id(counted: number | undefined): string {
    const field = idFieldOf(this.table);
    const value = this.row[field] ?? counted;
    if (typeof value === 'string' && value.length <= 256) return value;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    throw new RowRefused('ID_INVALID', field);
  }
}
