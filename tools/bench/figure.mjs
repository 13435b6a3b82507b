/** What benches hand over, whether it meets its goal, and the one table that is made of it. */
import { table } from '../stack/table.mjs';

/**
 * @typedef {object} Figure one line of a table
 * @property {string} metric what was counted, and under which conditions
 * @property {number} ours
 * @property {number} [theirs] the same work in the same run by what stands beside ours: the bare library, the store's own export
 * @property {string} unit
 * @property {'less'} [better] where less is better: times and bytes
 * @property {{ readonly ratio: number } | { readonly ours: number }} [goal] what the ratio, or ours, is to reach
 * @property {string} [spec001] what section 7 of specification 001 states for the same thing, in its words
 * @property {string} [notes] what one must know to read the number, in a few words
 */

/**
 * How many times as good as theirs, whichever way good points.
 * @param {Pick<Figure, 'ours' | 'theirs' | 'better'>} figure
 */
export function ratioOf({ ours, theirs, better }) {
  if (theirs === undefined) return undefined;
  return better === 'less' ? theirs / ours : ours / theirs;
}

/**
 * Undefined where there is no goal. A goal for a ratio is always "at least": the ratio points the right way already.
 * @param {Figure} figure
 */
export function isMet(figure) {
  const { goal, ours, better } = figure;
  if (goal === undefined) return undefined;
  if ('ratio' in goal) return (ratioOf(figure) ?? 0) >= goal.ratio;
  return better === 'less' ? ours <= goal.ours : ours >= goal.ours;
}

/**
 * As `ratio at least 2` or `at most 10 ms`.
 * @param {Figure} figure
 */
export function goalText({ goal, better, unit }) {
  if (goal === undefined) return '';
  if ('ratio' in goal) return `ratio at least ${goal.ratio}`;
  return `${better === 'less' ? 'at most' : 'at least'} ${amount(goal.ours)} ${unit}`;
}

/** @param {Figure} figure */
export function verdictOf(figure) {
  const met = isMet(figure);
  return met === undefined ? '' : met ? 'met' : 'missed';
}

/** @param {readonly Figure[]} figures */
export function figureTable(figures) {
  const rows = figures.map((figure) => {
    const { metric, ours, theirs, unit } = figure;
    const ratio = ratioOf(figure)?.toFixed(2) ?? '';
    const goal = goalText(figure) === '' ? '' : `${goalText(figure)}: ${verdictOf(figure)}`;
    return [metric, amount(ours), theirs === undefined ? '' : amount(theirs), ratio, unit, goal];
  });
  return table(['what', 'ours', 'theirs', 'ratio', 'unit', 'goal'], rows);
}

/** Three digits say all that a shared machine repeats. @param {number} value */
export function amount(value) {
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toPrecision(3);
}

/**
 * A bench in a process of its own prints each figure as a line of JSON; every other line is for people.
 * @param {string} line
 * @returns {Figure | undefined}
 */
export function parseFigure(line) {
  if (!line.startsWith('{')) return undefined;
  /** @type {Figure} */
  const figure = JSON.parse(line);
  const { metric, ours, theirs, unit } = figure;
  const isFigure = typeof metric === 'string' && Number.isFinite(ours) && typeof unit === 'string';
  if (!isFigure || (theirs !== undefined && !Number.isFinite(theirs))) throw new Error(`not a figure of a bench: ${line}`);
  return figure;
}
