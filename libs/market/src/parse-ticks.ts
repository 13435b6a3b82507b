import { HindcastError, rejectionCodes, usFromIso, type RejectionCode, type TickKind } from '@hindcast/contracts';
import { emptyQuotes, emptyTrades } from './codec/logged-batch-codec.js';
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
  const envelope = parseEnvelope(body, options);
  const batches: TickBatch[] = [];
  for (let from = 0; from < envelope.rows.length; from += batchRowsMax) {
    batches.push(parseRows(envelope, from, options));
  }
  return batches;
}

interface Envelope {
  readonly source: string;
  readonly market: string;
  readonly offset: number | undefined;
  readonly rows: readonly unknown[];
}

function parseEnvelope(body: unknown, { table, rowsMax }: ParseOptions): Envelope {
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
  if (rows.length === 0) throw new HindcastError('BODY_INVALID', `the request has no ${table}`);
  if (rows.length > rowsMax)
    throw new HindcastError('BATCH_TOO_LARGE', `${String(rows.length)} rows in one request; at most ${String(rowsMax)} are allowed`);
  const source = envelope['source'] ?? defaultSource;
  requireSource(source);
  const market = envelope['market'] ?? defaultMarket;
  if (typeof market !== 'string')
    throw new HindcastError('FIELD_INVALID', `market is ${JSON.stringify(market)}; it must be text as usa/equity`);
  const offset = envelope['offset'];
  if (offset !== undefined && (!Number.isSafeInteger(offset) || (offset as number) < 0)) {
    throw new HindcastError('FIELD_INVALID', `offset is ${JSON.stringify(offset)}; it must be a whole number of 0 or more`);
  }
  const mayCountIds = offset !== undefined && envelope['source'] !== undefined;
  requireIds(rows, table, mayCountIds);
  return { source, market, offset: mayCountIds ? (offset as number) : undefined, rows };
}

/** Without an id a resend cannot be told from a second tick: a request with one row lacking it is refused as a whole. */
function requireIds(rows: readonly unknown[], table: TickKind, mayCountIds: boolean): void {
  if (mayCountIds) return;
  const idField = idFieldOf(table);
  // What is no row at all is rejected as that, alone.
  const isRow = (row: unknown): row is Record<string, unknown> => typeof row === 'object' && row !== null && !Array.isArray(row);
  const missing = rows.findIndex((row) => isRow(row) && (row[idField] ?? undefined) === undefined);
  if (missing >= 0) {
    throw new HindcastError(
      'TRADE_ID_REQUIRED',
      `row ${String(missing)} has no ${idField}, and the request does not carry both source and offset`,
    );
  }
}

function idFieldOf(table: TickKind): 'trade_id' | 'quote_id' {
  return table === 'trades' ? 'trade_id' : 'quote_id';
}

function parseRows(envelope: Envelope, from: number, { table, receivedAtUs }: ParseOptions): TickBatch {
  const rejected: RejectedRow[] = [];
  const trades: TradeFields[] = [];
  const quotes: QuoteFields[] = [];
  envelope.rows.slice(from, from + batchRowsMax).forEach((row, position) => {
    try {
      const fields = new RowFields(row, table);
      const common = {
        timeUs: fields.timeUs(),
        symbol: fields.word('symbol', 'SYMBOL_INVALID'),
        market: fields.word('market', 'MARKET_INVALID', envelope.market),
        exchange: fields.word('exchange', 'EXCHANGE_INVALID', ''),
        id: fields.id(envelope.offset === undefined ? undefined : envelope.offset + from + position),
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
  const origin = { source: envelope.source, receivedAtUs };
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
  return (JSON.stringify(row) ?? 'undefined').slice(0, rowTextMax);
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
    if (typeof timeUs !== 'number' || !Number.isSafeInteger(timeUs)) throw new RowRefused('TIME_INVALID', 'timestamp');
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
