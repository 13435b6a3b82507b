/** What benches hand over, and the one table that is made of it. */
import { table } from '../stack/table.mjs';

/**
 * @typedef {object} BenchResult one line of the table
 * @property {string} what
 * @property {number} ours
 * @property {number} [bare] the same work in the same run by the library beneath, without any of ours
 * @property {string} unit
 * @property {'less'} [better] where less is better: times and bytes
 */

/**
 * How many times as good as the bare library, whichever way good points.
 * @param {BenchResult} result
 */
export function ratioOf({ ours, bare, better }) {
  if (bare === undefined) return undefined;
  return better === 'less' ? bare / ours : ours / bare;
}

/** @param {readonly BenchResult[]} results */
export function resultTable(results) {
  const rows = results.map((result) => {
    const { what, ours, bare, unit } = result;
    const ratio = ratioOf(result)?.toFixed(2) ?? '';
    return [what, amount(ours), bare === undefined ? '' : amount(bare), ratio, unit];
  });
  return table(['what', 'ours', 'bare', 'ratio', 'unit'], rows);
}

/** Three digits say all that a shared machine repeats. @param {number} value */
function amount(value) {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toPrecision(3);
}

/**
 * A library's bench prints each result as a line of JSON; every other line is for people.
 * @param {string} line
 * @returns {BenchResult | undefined}
 */
export function parseResult(line) {
  if (!line.startsWith('{')) return undefined;
  const { what, ours, bare, unit, better } = JSON.parse(line);
  const isResult = typeof what === 'string' && Number.isFinite(ours) && typeof unit === 'string';
  if (!isResult || (bare !== undefined && !Number.isFinite(bare))) throw new Error(`not a result of a bench: ${line}`);
  return { what, ours, bare, unit, better };
}
