import { HindcastError, maxTimeUs, secondUs } from '@hindcast/contracts';
import { isMarket, isSymbol } from '@hindcast/market';
import type { VectorFilter } from '@hindcast/ports';

/** A filter on more symbols than this is a mistake, or an attempt to make the parser work. */
export const filterSymbolsMax = 1_000;

const makerPattern = /^[\x21-\x7e]{1,128}$/;

/**
 * The filter as Lance's SQL; undefined where it lets everything through. Every value is checked for its form and then
 * written by `text` or `time`: nothing that a caller sent reaches the parser in another way.
 * Throws FIELD_INVALID.
 */
export function filterSql(filter: VectorFilter): string | undefined {
  const { symbols, market, fromUs, toUs, asOfUs, modelId, templateId, exclude } = filter;
  const clauses: string[] = [];
  if (symbols !== undefined) clauses.push(symbolsClause(symbols));
  if (market !== undefined) clauses.push(`market = ${text('market', market, isMarket)}`);
  if (fromUs !== undefined) clauses.push(`timestamp >= ${time('fromUs', fromUs)}`);
  if (toUs !== undefined) clauses.push(`timestamp < ${time('toUs', toUs)}`);
  if (asOfUs !== undefined) clauses.push(`timestamp <= ${time('asOfUs', asOfUs)}`);
  if (modelId !== undefined) clauses.push(`model_id = ${text('modelId', modelId, isMaker)}`);
  if (templateId !== undefined) clauses.push(`template_id = ${text('templateId', templateId, isMaker)}`);
  if (exclude !== undefined) clauses.push(excludeClause(exclude));
  return clauses.length === 0 ? undefined : clauses.join(' AND ');
}

function symbolsClause(symbols: readonly string[]): string {
  if (symbols.length === 0 || symbols.length > filterSymbolsMax) {
    throw new HindcastError('FIELD_INVALID', `filter.symbols has ${symbols.length} symbols; 1 to ${filterSymbolsMax} are allowed.`);
  }
  return `symbol IN (${symbols.map((symbol) => text('filter.symbols', symbol, isSymbol)).join(', ')})`;
}

/** Nearer than `seconds` on either side; a row exactly that far away stays. */
function excludeClause({ symbol, timeUs, seconds }: NonNullable<VectorFilter['exclude']>): string {
  const distanceUs = Math.round(seconds * secondUs);
  const after = time('exclude', Math.max(0, timeUs - distanceUs));
  const before = time('exclude', Math.min(maxTimeUs, timeUs + distanceUs));
  return `NOT (symbol = ${text('exclude.symbol', symbol, isSymbol)} AND timestamp > ${after} AND timestamp < ${before})`;
}

function isMaker(value: string): boolean {
  return makerPattern.test(value);
}

function text(field: string, value: string, isAllowed: (value: string) => boolean): string {
  if (typeof value !== 'string' || !isAllowed(value)) {
    throw new HindcastError('FIELD_INVALID', `${field} is ${JSON.stringify(value)}, which has not the form of one.`);
  }
  return `'${value.replaceAll("'", "''")}'`;
}

/** As a function of a whole number, which the B-tree on `timestamp` answers as fast as a literal. */
function time(field: string, timeUs: number): string {
  if (!Number.isInteger(timeUs) || timeUs < 0 || timeUs > maxTimeUs) {
    throw new HindcastError('FIELD_INVALID', `${field} is ${timeUs}; whole microseconds from 0 to ${maxTimeUs} are allowed.`);
  }
  return `to_timestamp_micros(${timeUs})`;
}
