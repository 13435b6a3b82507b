import { usFromIso } from '@hindcast/contracts';
import { givenText, isoOfField, present } from '@hindcast/service-kit';
import type { SymbolDto } from './symbols.controller.js';

/** Messages of market_data.proto, to and from what the HTTP doors speak. */

export interface RangeRequest {
  readonly symbol: string;
  readonly market: string;
  readonly fromUs?: number;
  readonly toUs?: number;
  readonly limit?: number;
  readonly cursor: string;
  readonly interval: string;
  readonly columns: readonly string[];
}

export interface SymbolsRequest {
  readonly symbol: string;
  readonly market: string;
}

export interface ArrowPiece {
  readonly ipc: Uint8Array;
  readonly rows: number;
  readonly cursor: string;
}

/** The query that the call's HTTP twin takes. */
export function rangeQuery({ symbol, market, fromUs, toUs, limit, cursor, interval, columns }: RangeRequest): object {
  return present({
    symbol: givenText(symbol),
    market: givenText(market),
    from: isoOfField('from_us', fromUs),
    to: isoOfField('to_us', toUs),
    limit: limit === undefined ? undefined : String(limit),
    cursor: givenText(cursor),
    interval: givenText(interval),
    columns: columns.length === 0 ? undefined : columns.join(','),
    format: 'arrow',
  });
}

export function symbolsQuery({ symbol, market }: SymbolsRequest): object {
  return present({ symbol: givenText(symbol), market: givenText(market) });
}

export function recordedSymbol({ first, last, days, ...symbol }: SymbolDto): object {
  return {
    ...symbol,
    firstUs: usFromIso(first),
    lastUs: usFromIso(last),
    days: days.map((day) => ({ day: day.day, rows: day.rows, firstUs: usFromIso(day.first), lastUs: usFromIso(day.last) })),
  };
}
