import { HindcastError, type TickKind } from '@hindcast/contracts';
import { isSymbol } from '@hindcast/market';
import type { RawTable } from '../raw-table.js';
import { quoteFields, tradeFields, type TickField, type TickTable } from '../tick-table.js';
import { hinted, plainSymbol, type FileHints } from './table-format.js';

/** How others name columns, in the order in which they are looked for. */
const aliases: Readonly<Record<TickField, readonly string[]>> = {
  timestamp: [
    'timestamp',
    'ts',
    'time',
    'datetime',
    'date_time',
    'date',
    'exchange_timestamp',
    'ts_event',
    'event_time',
    'transact_time',
    't',
  ],
  symbol: ['symbol', 'ticker', 'instrument', 'instrument_name', 'product_id', 'pair', 'sym'],
  market: ['market'],
  exchange: ['exchange', 'venue', 'ex'],
  id: ['trade_id', 'quote_id', 'id', 'tradeid', 'tid', 'agg_trade_id', 'update_id'],
  conditions: ['conditions', 'condition', 'sale_condition'],
  source: ['source'],
  price: ['price', 'px', 'trade_price', 'last', 'p'],
  size: ['size', 'qty', 'quantity', 'amount', 'volume', 'sz', 'trade_size', 'q'],
  side: ['side', 'aggressor', 'aggressor_side', 'taker_side', 'direction'],
  buyer_maker: ['buyer_maker', 'is_buyer_maker', 'isbuyermaker'],
  side_inferred: ['side_inferred'],
  bid: ['bid', 'bid_price', 'bid_px', 'best_bid', 'best_bid_price', 'bidprice'],
  bid_size: ['bid_size', 'bid_qty', 'bid_amount', 'bid_sz', 'best_bid_qty', 'bidsize'],
  ask: ['ask', 'ask_price', 'ask_px', 'offer', 'best_ask', 'best_ask_price', 'askprice'],
  ask_size: ['ask_size', 'ask_qty', 'ask_amount', 'ask_sz', 'best_ask_qty', 'asksize'],
};

const required: Readonly<Record<TickKind, readonly TickField[]>> = {
  trades: ['timestamp', 'price', 'size'],
  quotes: ['timestamp', 'bid', 'ask'],
};

/** Any table of ticks: by the columns that a person names, and for the others by the names that they usually have. */
export function mapped(raw: RawTable, hints: FileHints): TickTable | undefined {
  const fields = fieldsOf(raw, hints);
  const kind = (['trades', 'quotes'] as const).find((one) => required[one].every((field) => fields[field] !== undefined));
  if (kind === undefined) {
    if (hints.columns === undefined) return undefined;
    throw new HindcastError('FIELD_INVALID', `${raw.path}: ${missingOf(fields)} ${columnsOf(raw)}`);
  }
  if (hints.symbol === undefined && fields.symbol === undefined) throw unknownOf(raw, '--symbol, or --columns symbol=NAME');
  if (hints.market === undefined && fields.market === undefined)
    throw unknownOf(raw, '--market, as binance/spot, or --columns market=NAME');
  return tableOf(raw, hints, { kind, fields: ofKind(kind, fields) });
}

interface Understood {
  readonly kind: TickKind;
  readonly fields: TickTable['fields'];
}

function tableOf(raw: RawTable, hints: FileHints, { kind, fields }: Understood): TickTable {
  const instrument = hinted(hints, {});
  return {
    format: `${raw.container === 'text' ? 'CSV' : raw.container === 'parquet' ? 'Parquet' : 'Arrow'} of ${kind}`,
    kind,
    fields,
    timestampUnit: hints.timestampUnit ?? 'auto',
    instrumentOf: ({ symbol, market }) => {
      const own = isSymbol(symbol) ? symbol : plainSymbol(symbol);
      return hinted(hints, { market, ...(own === undefined ? {} : { symbol: own }) });
    },
    ...(instrument ? { instrument } : {}),
    source: hints.source ?? (fields.id === undefined ? 'file' : (hints.market?.split('/')[0] ?? 'file')),
    keepsExchange: true,
  };
}

function fieldsOf(raw: RawTable, { columns: named = {} }: FileHints): Partial<Record<TickField, number>> {
  const fields: Partial<Record<TickField, number>> = {};
  for (const [field, name] of Object.entries(named) as [TickField, string][]) fields[field] = columnOf(raw, field, name);
  const taken = new Set(Object.values(fields));
  const names = raw.isNamed ? raw.columns.map((name) => name.trim().toLowerCase()) : [];
  for (const [field, usual] of Object.entries(aliases) as [TickField, readonly string[]][]) {
    const found =
      fields[field] === undefined ? usual.map((name) => names.indexOf(name)).find((at) => at >= 0 && !taken.has(at)) : undefined;
    if (found === undefined) continue;
    fields[field] = found;
    taken.add(found);
  }
  return fields;
}

function columnOf(raw: RawTable, field: string, name: string): number {
  const at = raw.columns.indexOf(name);
  if (at >= 0) return at;
  if (/^\d{1,4}$/.test(name) && Number(name) >= 1 && Number(name) <= raw.columns.length) return Number(name) - 1;
  throw new HindcastError('FIELD_INVALID', `--columns ${field}=${name}: ${raw.path} has no such column. ${columnsOf(raw)}`);
}

function ofKind(kind: TickKind, fields: Partial<Record<TickField, number>>): TickTable['fields'] {
  const allowed: readonly string[] = kind === 'trades' ? tradeFields : quoteFields;
  return Object.fromEntries(Object.entries(fields).filter(([field]) => allowed.includes(field)));
}

function missingOf(fields: Partial<Record<TickField, number>>): string {
  const lacks = (kind: TickKind): string => required[kind].filter((field) => fields[field] === undefined).join(', ');
  return `no column is known for ${lacks('trades')} of trades, nor for ${lacks('quotes')} of quotes: name them with --columns FIELD=NAME.`;
}

function columnsOf({ columns, isNamed }: RawTable): string {
  return isNamed
    ? `Its columns are ${columns.slice(0, 40).join(', ')}.`
    : `It names no columns; they are the numbers 1 to ${columns.length}.`;
}

function unknownOf(raw: RawTable, what: string): HindcastError {
  return new HindcastError('FIELD_INVALID', `${raw.path}: its rows do not say of whom they are: name ${what}. ${columnsOf(raw)}`);
}
