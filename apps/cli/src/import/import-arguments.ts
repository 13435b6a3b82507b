import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import { quoteFields, timestampUnits, tradeFields, type FileHints, type TickField, type TimestampUnit } from '@hindcast/feeds';
import { batchRowsMax, isMarket, isSymbol } from '@hindcast/market';
import { parseList } from '../replay/replay-arguments.js';

/** As commander hands them over. */
export interface ImportOptions {
  readonly columns?: string;
  readonly timestampUnit?: string;
  readonly symbol?: string;
  readonly market?: string;
  readonly source?: string;
  readonly rejects?: string;
  readonly batch: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly restart?: boolean;
  readonly waitEmbeddings?: boolean;
}

export interface ImportArguments {
  readonly paths: readonly string[];
  readonly hints: FileHints;
  readonly rejectsPath: string | undefined;
  readonly batchRows: number;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly restart: boolean;
  readonly waitEmbeddings: boolean;
}

const fields: readonly string[] = [...new Set([...tradeFields, ...quoteFields])];

export function parseImport(paths: readonly string[], options: ImportOptions): ImportArguments {
  const { columns, timestampUnit, symbol, market, source } = options;
  const batchRows = Number(options.batch);
  if (!Number.isSafeInteger(batchRows) || batchRows < 1 || batchRows > batchRowsMax)
    throw invalid('batch', options.batch, `a whole number from 1 to ${batchRowsMax}`);
  if (symbol !== undefined && !isSymbol(symbol)) throw invalid('symbol', symbol, 'as BTC-USDT: [A-Z0-9][A-Z0-9.:-]{0,31}');
  if (market !== undefined && !isMarket(market)) throw invalid('market', market, 'as binance/spot or usa/equity');
  if (source !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/.test(source))
    throw invalid('source', source, 'letters, digits and . _ : / -');
  return {
    paths,
    hints: {
      ...(columns === undefined ? {} : { columns: parseColumns(columns) }),
      ...(timestampUnit === undefined ? {} : { timestampUnit: parseUnit(timestampUnit) }),
      ...(symbol === undefined ? {} : { symbol }),
      ...(market === undefined ? {} : { market }),
      ...(source === undefined ? {} : { source }),
    },
    rejectsPath: options.rejects === undefined ? undefined : resolve(options.rejects),
    batchRows,
    dryRun: options.dryRun ?? false,
    yes: options.yes ?? false,
    restart: options.restart ?? false,
    waitEmbeddings: options.waitEmbeddings ?? false,
  };
}

/** `timestamp=ts,price=px` */
function parseColumns(text: string): Partial<Record<TickField, string>> {
  const columns: Partial<Record<TickField, string>> = {};
  for (const pair of parseList(text)) {
    const equals = pair.indexOf('=');
    const field = pair.slice(0, equals).trim();
    const name = pair.slice(equals + 1).trim();
    if (equals < 1 || name === '' || !fields.includes(field))
      throw invalid('columns', pair, `FIELD=NAME with commas between, FIELD one of ${fields.join(', ')}`);
    columns[field as TickField] = name;
  }
  return columns;
}

function parseUnit(text: string): TimestampUnit {
  const unit = timestampUnits.find((name) => name === text);
  if (unit === undefined) throw invalid('timestamp-unit', text, timestampUnits.join(', '));
  return unit;
}

function invalid(option: string, value: string, allowed: string): HindcastError {
  return new HindcastError('FIELD_INVALID', `--${option} ${value}: allowed is ${allowed}.`);
}

/** The same for every import of the same files, unchanged and understood in the same way. */
export function importKey(planKey: string): string {
  return createHash('sha256').update(`import ${planKey}`).digest('hex').slice(0, 16);
}
