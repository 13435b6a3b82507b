/**
 * `docs/BENCHMARKS.md`: the newest figures of every bench, kept in `docs/benchmark-figures.json`, with what people wrote
 * about them in `docs/benchmark-notes.md`. A run of one bench renews that one and leaves the others as they were.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../stack/settings.mjs';
import { amount, goalText, isMet, ratioOf, verdictOf } from './figure.mjs';

/**
 * @typedef {import('./figure.mjs').Figure} Figure
 * @typedef {import('./machine.mjs').Taking & { figures: readonly Figure[] }} Taken
 * @typedef {Readonly<Record<string, Taken>>} Book by the bench's id
 * @typedef {object} Notes one bench's words
 * @property {string} how what is compared with what
 * @property {string} why the reason of each goal that was missed
 */

const pagePath = join(projectRoot, 'docs', 'BENCHMARKS.md');
const bookPath = join(projectRoot, 'docs', 'benchmark-figures.json');
const notesPath = join(projectRoot, 'docs', 'benchmark-notes.md');

/** @returns {Book} */
export function readBook() {
  return JSON.parse(readFileSync(bookPath, 'utf8'));
}

export function readNotes() {
  return readFileSync(notesPath, 'utf8');
}

export function readPage() {
  return readFileSync(pagePath, 'utf8');
}

/**
 * Writes the figures down and the page anew; returns the missed goals that nobody has given a reason for.
 * @param {readonly import('./benches.mjs').Bench[]} benches
 * @param {Book} taken
 */
export function writePage(benches, taken) {
  const book = { ...readBook(), ...taken };
  const sorted = Object.fromEntries(Object.entries(book).sort(([a], [b]) => a.localeCompare(b)));
  writeFileSync(bookPath, `${JSON.stringify(sorted, undefined, 2)}\n`);
  const notes = readNotes();
  writeFileSync(pagePath, pageOf(benches, sorted, notes));
  return missedWithoutReason(sorted, notes);
}

/**
 * @param {readonly import('./benches.mjs').Bench[]} benches
 * @param {Book} book
 * @param {string} notes
 */
export function pageOf(benches, book, notes) {
  const notesOf = parseNotes(notes);
  const taken = benches.flatMap((bench) => {
    const found = book[bench.id];
    return found === undefined ? [] : [{ bench, taken: found }];
  });
  return [
    '# Benchmarks',
    '<!-- Made by `npm run bench -- --write` from docs/benchmark-figures.json and docs/benchmark-notes.md: write there, not here. -->',
    notesOf('page').how,
    '## Goals',
    goalsTable(taken),
    ...taken.flatMap(({ bench, taken: { figures, ...taking } }) => [
      `## (${bench.id}) ${bench.title}`,
      notesOf(bench.id).how,
      figuresTable(figures),
      takenLine(taking, bench.name),
      notesOf(bench.id).why,
    ]),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

/**
 * @param {Book} book
 * @param {string} notes
 */
export function missedWithoutReason(book, notes) {
  const notesOf = parseNotes(notes);
  return Object.entries(book)
    .filter(([id]) => notesOf(id).why === '')
    .flatMap(([id, { figures }]) => figures.filter((figure) => isMet(figure) === false).map(({ metric }) => `(${id}) ${metric}`));
}

/** @param {readonly { bench: import('./benches.mjs').Bench, taken: Taken }[]} benches */
function goalsTable(benches) {
  const rows = benches.flatMap(({ bench: { id }, taken: { figures } }) =>
    figures
      .filter(({ goal }) => goal !== undefined)
      .map((figure) => {
        const { goal, ours, unit, metric } = figure;
        const reached = goal && 'ratio' in goal ? (ratioOf(figure)?.toFixed(2) ?? '') : `${amount(ours)} ${unit}`;
        return [id, metric, goalText(figure), reached, emphasized(verdictOf(figure))];
      }),
  );
  return markdownTable(['', 'what', 'goal', 'reached', ''], rows);
}

/** A column that nobody fills is left out. @param {readonly Figure[]} figures */
function figuresTable(figures) {
  const columns = /** @type {const} */ ([
    ['what', (/** @type {Figure} */ figure) => figure.metric],
    ['ours', (/** @type {Figure} */ figure) => amount(figure.ours)],
    ['theirs', (/** @type {Figure} */ figure) => (figure.theirs === undefined ? '' : amount(figure.theirs))],
    ['ratio', (/** @type {Figure} */ figure) => ratioOf(figure)?.toFixed(2) ?? ''],
    ['unit', (/** @type {Figure} */ figure) => figure.unit],
    ['goal', (/** @type {Figure} */ figure) => goalText(figure)],
    ['001 states', (/** @type {Figure} */ figure) => figure.spec001 ?? ''],
    ['notes', (/** @type {Figure} */ figure) => figure.notes ?? ''],
  ]);
  const used = columns.filter(([, cell]) => figures.some((figure) => cell(figure) !== ''));
  return markdownTable(
    used.map(([title]) => title),
    figures.map((figure) => used.map(([, cell]) => cell(figure))),
  );
}

/**
 * @param {import('./machine.mjs').Taking} taking
 * @param {string} name
 */
function takenLine({ takenAt, commit, machine, load, elapsedS }, name) {
  const company = load > 0.5 ? `; **not alone**: load ${load.toFixed(1)} before it began` : '';
  return `\`npm run bench -- ${name}\`, ${takenAt}, commit ${commit}, ${machine}; ${Math.round(elapsedS)} s${company}.`;
}

/** @param {string} verdict */
function emphasized(verdict) {
  return verdict === 'missed' ? '**missed**' : verdict;
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function markdownTable(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * The notes by section: `## page` opens the page, `## a` belongs to the bench of that letter, and what stands under `### Why` in
 * it are the reasons. What comes before the first section is for whoever writes notes.
 * @param {string} text
 * @returns {(section: string) => Notes}
 */
export function parseNotes(text) {
  const sections = new Map(
    text.split(/^## /m).map((section) => {
      const lineEnd = section.indexOf('\n');
      const [how = '', why = ''] = section.slice(lineEnd).split(/^### Why$/m);
      return [section.slice(0, lineEnd).trim(), { how: how.trim(), why: why.trim() }];
    }),
  );
  return (section) => sections.get(section) ?? { how: '', why: '' };
}
