import { HindcastError, maxTimeUs, secondUs } from '@hindcast/contracts';
import { dayOfNumber, isMarket, isSymbol } from '@hindcast/market';
import { regimeCodes, signatureNames, type MemoryDefinition } from '@hindcast/memory';
import type { MomentFilter, MomentKey, MomentStretch, VectorFilter } from '@hindcast/ports';
import { knownAtColumn } from './moment-table-definition.js';

/** A filter on more symbols than this is a mistake, or an attempt to make the parser work. */
export const filterSymbolsMax = 1_000;

const makerPattern = /^[\x21-\x7e]{1,128}$/;

/**
 * The filter as Lance's SQL; undefined where it lets everything through. Every value is checked for its form and then
 * written by `text`, `time` or `number`: nothing that a caller sent reaches the parser in another way.
 * Throws FIELD_INVALID.
 */
export function filterSql(filter: VectorFilter): string | undefined {
  const { modelId, templateId, exclude } = filter;
  const clauses = rowClauses(filter);
  if (modelId !== undefined) clauses.push(`model_id = ${text('modelId', modelId, isMaker)}`);
  if (templateId !== undefined) clauses.push(`template_id = ${text('templateId', templateId, isMaker)}`);
  if (exclude !== undefined) {
    const near = nearClause(exclude.timeUs, Math.round(exclude.seconds * secondUs));
    clauses.push(`NOT (symbol = ${text('exclude.symbol', exclude.symbol, isSymbol)} AND ${near})`);
  }
  return joined(clauses);
}

/** The same for moments: which components and horizons there are is the memory's matter. */
export function momentFilterSql(filter: MomentFilter, definition: Pick<MemoryDefinition, 'horizons'>): string | undefined {
  const { exclude, except = [], regimes, components = [], drawBelow, knownHorizon, asOfUs } = filter;
  const clauses = rowClauses(filter);
  if (exclude !== undefined) clauses.push(`NOT (${nearClause(exclude.timeUs, Math.round(exclude.withinUs))})`);
  clauses.push(...except.map(stretchClause));
  if (regimes !== undefined) clauses.push(`regime IN (${list('filter.regimes', regimes, isRegime)})`);
  clauses.push(...components.flatMap(componentClauses));
  if (drawBelow !== undefined) clauses.push(`draw < ${number('filter.drawBelow', drawBelow)}`);
  if (knownHorizon !== undefined) clauses.push(knownClause(knownHorizon, { asOfUs, definition }));
  return joined(clauses);
}

/** Rows with these keys, an instrument's times together. */
export function keysSql(keys: readonly MomentKey[]): string {
  const clauses = new Map<string, string[]>();
  for (const { symbol, market, timeUs } of keys) {
    const instrument = `symbol = ${text('symbol', symbol, isSymbol)} AND market = ${text('market', market, isMarket)}`;
    const times = clauses.get(instrument) ?? [];
    times.push(time('timeUs', timeUs));
    clauses.set(instrument, times);
  }
  return [...clauses].map(([instrument, times]) => `(${instrument} AND timestamp IN (${times.join(', ')}))`).join(' OR ');
}

/** What every table of rows has: symbol, market and timestamp. */
function rowClauses({
  symbols,
  market,
  fromUs,
  toUs,
  asOfUs,
}: Pick<MomentFilter, 'symbols' | 'market' | 'fromUs' | 'toUs' | 'asOfUs'>): string[] {
  const clauses: string[] = [];
  if (symbols !== undefined) clauses.push(`symbol IN (${list('filter.symbols', symbols, isSymbol)})`);
  if (market !== undefined) clauses.push(`market = ${text('market', market, isMarket)}`);
  if (fromUs !== undefined) clauses.push(`timestamp >= ${time('fromUs', fromUs)}`);
  if (toUs !== undefined) clauses.push(`timestamp < ${time('toUs', toUs)}`);
  if (asOfUs !== undefined) clauses.push(`timestamp <= ${time('asOfUs', asOfUs)}`);
  return clauses;
}

function joined(clauses: readonly string[]): string | undefined {
  return clauses.length === 0 ? undefined : clauses.join(' AND ');
}

function list(field: string, values: readonly string[], isAllowed: (value: string) => boolean): string {
  if (values.length === 0 || values.length > filterSymbolsMax) {
    throw new HindcastError('FIELD_INVALID', `${field} has ${values.length} values; 1 to ${filterSymbolsMax} are allowed.`);
  }
  return values.map((value) => text(field, value, isAllowed)).join(', ');
}

/** Nearer than that on either side; a row exactly that far away stays. */
function nearClause(timeUs: number, withinUs: number): string {
  const after = time('exclude', Math.max(0, timeUs - withinUs));
  const before = time('exclude', Math.min(maxTimeUs, timeUs + withinUs));
  return `timestamp > ${after} AND timestamp < ${before}`;
}

/** Neither bound is part of the stretch. */
function stretchClause({ symbol, market, afterUs, beforeUs, day }: MomentStretch): string {
  const parts = [`symbol = ${text('except.symbol', symbol, isSymbol)}`, `market = ${text('except.market', market, isMarket)}`];
  if (afterUs !== undefined) parts.push(`timestamp > ${time('except.afterUs', Math.max(0, afterUs))}`);
  if (beforeUs !== undefined) parts.push(`timestamp < ${time('except.beforeUs', Math.min(maxTimeUs, beforeUs))}`);
  if (day !== undefined) parts.push(`session_day = date '${dayOfNumber(day)}'`);
  return `NOT (${parts.join(' AND ')})`;
}

/** Components are single precision, and Lance rounds a bound to that: so the bound is the last value that is within. */
function componentClauses({ name, min, max }: NonNullable<MomentFilter['components']>[number]): string[] {
  if (!signatureNames.includes(name)) {
    throw new HindcastError(
      'FIELD_INVALID',
      `filter.components: ${JSON.stringify(name)} is none; allowed are ${signatureNames.join(', ')}.`,
    );
  }
  const clauses = [`${name} IS NOT NULL`];
  if (min !== undefined) clauses.push(`${name} >= ${number(name, singleWithin(min, 1))}`);
  if (max !== undefined) clauses.push(`${name} <= ${number(name, singleWithin(max, -1))}`);
  return clauses;
}

/** The single-precision number nearest to a bound on the side of `sign`. */
function singleWithin(bound: number, sign: 1 | -1): number {
  const single = new Float32Array([bound]);
  if (sign * single[0] >= sign * bound || !Number.isFinite(single[0])) return single[0];
  const bits = new Int32Array(single.buffer);
  if (single[0] === 0) return sign * 2 ** -149;
  bits[0] += single[0] > 0 === sign > 0 ? 1 : -1;
  return single[0];
}

function knownClause(
  horizonId: string,
  { asOfUs, definition }: { readonly asOfUs: number | undefined; readonly definition: Pick<MemoryDefinition, 'horizons'> },
): string {
  const horizon = definition.horizons.find(({ id }) => id === horizonId);
  if (horizon === undefined) {
    const known = definition.horizons.map(({ id }) => id).join(', ');
    throw new HindcastError('FIELD_INVALID', `horizon: ${JSON.stringify(horizonId)} is none of this memory; it has ${known}.`);
  }
  const column = knownAtColumn(horizon);
  return asOfUs === undefined ? `${column} IS NOT NULL` : `${column} <= ${time('asOfUs', asOfUs)}`;
}

function isMaker(value: string): boolean {
  return makerPattern.test(value);
}

function isRegime(value: string): boolean {
  return regimeCodes.includes(value as (typeof regimeCodes)[number]);
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

function number(field: string, value: number): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new HindcastError('FIELD_INVALID', `${field} is ${value}; finite numbers are allowed.`);
  }
  return String(value);
}
