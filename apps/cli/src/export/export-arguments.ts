import { resolve } from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import { isMarket, isSymbol } from '@hindcast/market';
import { parseOpenSpan } from '../time-arguments.js';

export const exportTables = ['trades', 'quotes', 'bars', 'states'] as const;
export const exportFormats = ['parquet', 'csv', 'arrow'] as const;
export type ExportFormat = (typeof exportFormats)[number];
const intervals = ['1s', '1m', '1h', '1d'] as const;

/** As commander hands them over. */
export interface ExportOptions {
  readonly symbol: string;
  readonly market?: string;
  readonly from?: string;
  readonly to?: string;
  readonly interval?: string;
  readonly columns?: string;
  readonly format: string;
  readonly out?: string;
}

export interface ExportArguments {
  readonly table: (typeof exportTables)[number];
  readonly format: ExportFormat;
  readonly query: Readonly<Record<string, string>>;
  /** Absolute; null is standard output. */
  readonly out: string | null;
}

export function parseExport(name: string, options: ExportOptions): ExportArguments {
  const { symbol, market, from, to, interval, columns, out } = options;
  const table = oneOf('the table', name, exportTables);
  const format = oneOf('--format', options.format, exportFormats);
  if (!isSymbol(symbol)) throw invalid('--symbol', symbol, 'as SPY or BTC-USDT');
  if (market !== undefined && !isMarket(market)) throw invalid('--market', market, 'as usa/equity');
  if (interval !== undefined && table !== 'bars') throw invalid('--interval', interval, 'for bars only');
  const span = parseOpenSpan({ from, to });
  const query = {
    symbol,
    ...(market === undefined ? {} : { market }),
    ...(span.from === undefined ? {} : { from: span.from }),
    ...(span.to === undefined ? {} : { to: span.to }),
    ...(interval === undefined ? {} : { interval: oneOf('--interval', interval, intervals) }),
    // Which there are, market-data knows.
    ...(columns === undefined
      ? {}
      : {
          columns: columns
            .split(',')
            .map((name) => name.trim())
            .join(','),
        }),
  };
  const parts = [table, symbol, market?.replace('/', '-'), table === 'bars' ? (interval ?? '1m') : undefined, from, to];
  const usual = `${parts
    .filter((part) => part !== undefined)
    .join('-')
    .replaceAll(/[:/]/g, '')}.${format}`;
  return { table, format, query, out: out === '-' ? null : resolve(out ?? usual) };
}

function oneOf<Word extends string>(what: string, word: string, allowed: readonly Word[]): Word {
  const found = allowed.find((one) => one === word);
  if (found === undefined) throw invalid(what, word, allowed.join(', '));
  return found;
}

function invalid(what: string, word: string, allowed: string): HindcastError {
  return new HindcastError('FIELD_INVALID', `${what} ${word}: allowed is ${allowed}.`);
}
