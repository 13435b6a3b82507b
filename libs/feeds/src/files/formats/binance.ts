import { basename } from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import type { RawTable } from '../raw-table.js';
import type { TickField } from '../tick-table.js';
import { hinted, pairSymbol, type TableFormat } from './table-format.js';

type Layout = readonly (TickField | null)[];

interface BinanceTable {
  readonly name: string;
  readonly kind: 'trades' | 'quotes';
  /** By place: spot files name no columns, those of futures do since 2022. */
  readonly layout: Layout;
  /** The first names of the columns, where they are named. */
  readonly header: readonly string[];
  /** Spot files have one column more. */
  readonly spotCells?: number;
  /** Aggregated trades have ids of their own. */
  readonly source: string;
}

const tables: readonly BinanceTable[] = [
  {
    name: 'trades',
    kind: 'trades',
    layout: ['id', 'price', 'size', null, 'timestamp', 'buyer_maker'],
    header: ['id', 'price', 'qty', 'quote_qty', 'time', 'is_buyer_maker'],
    spotCells: 7,
    source: 'binance',
  },
  {
    name: 'aggTrades',
    kind: 'trades',
    layout: ['id', 'price', 'size', null, null, 'timestamp', 'buyer_maker'],
    header: ['agg_trade_id', 'price', 'quantity', 'first_trade_id', 'last_trade_id', 'transact_time', 'is_buyer_maker'],
    spotCells: 8,
    source: 'binance-agg',
  },
  {
    name: 'bookTicker',
    kind: 'quotes',
    layout: ['id', 'bid', 'bid_size', 'ask', 'ask_size', 'timestamp'],
    header: ['update_id', 'best_bid_price', 'best_bid_qty', 'best_ask_price', 'best_ask_qty', 'transaction_time'],
    source: 'binance',
  },
];

const namePattern = /^([A-Z0-9]+(?:_[A-Z0-9]+)?)-(trades|aggTrades|bookTicker)-\d{4}-\d{2}/;

/**
 * Binance's public data: trades, aggTrades and bookTicker of spot, USD-M and COIN-M futures, by day or month. Times are
 * milliseconds, of spot since 2025 microseconds; each is read by how many digits it has. Symbol and kind stand in the name.
 */
export const binance: TableFormat = (raw, hints) => {
  if (raw.container !== 'text') return undefined;
  const [, named, kind] = namePattern.exec(basename(raw.path)) ?? [];
  const table = tables.find((one) => (raw.isNamed ? hasHeader(raw, one) : one.name === kind && isAsWide(raw, one)));
  if (!table) return undefined;
  const symbol = named === undefined ? undefined : pairSymbol(named);
  const instrument = hinted(hints, {
    market: `binance/${marketTypeOf(raw, table, named ?? '')}`,
    ...(symbol === undefined ? {} : { symbol }),
  });
  if (!instrument)
    throw new HindcastError(
      'FIELD_INVALID',
      `${raw.path} is of Binance's ${table.name}, but its name says no symbol: name it with --symbol.`,
    );
  return {
    format: `Binance ${table.name}`,
    kind: table.kind,
    fields: Object.fromEntries(table.layout.flatMap((field, at) => (field === null ? [] : [[field, at] as const]))),
    timestampUnit: hints.timestampUnit ?? 'auto',
    instrumentOf: () => instrument,
    instrument,
    source: hints.source ?? table.source,
    keepsExchange: false,
  };
};

function hasHeader({ columns }: RawTable, { header }: BinanceTable): boolean {
  return header.every((name, at) => columns[at]?.toLowerCase() === name);
}

function isAsWide({ columns }: RawTable, { header, spotCells }: BinanceTable): boolean {
  return columns.length === header.length || columns.length === spotCells || columns.length === header.length + 1;
}

function marketTypeOf({ path, columns }: RawTable, { spotCells }: BinanceTable, named: string): 'spot' | 'linear' | 'inverse' {
  if (/[/\\]futures[/\\]cm[/\\]/.test(path) || /USD_/.test(named)) return 'inverse';
  if (/[/\\]futures[/\\]um[/\\]/.test(path)) return 'linear';
  if (/[/\\]spot[/\\]/.test(path)) return 'spot';
  return columns.length === spotCells ? 'spot' : 'linear';
}
