/**
 * Whole answers of a process that serves everything, over HTTP: question, searches by horizon, what is usual, paths, tests, forecast,
 * JSON. Beside them the one call of the bare library that finds as many neighbours, in turns.
 */
import { isoFromUs } from '@hindcast/contracts';
import { LanceMomentStore } from '@hindcast/store-lance';
import { freshStandalone } from '../standalone/fresh-standalone.mjs';
import { definition } from './bench-moments.mjs';
import { openBare, quantiles, vectorsOf } from './search-figures.mjs';

/** @typedef {import('../figure.mjs').Figure} Figure */

const phases = /** @type {const} */ (['question', 'search', 'outcomes', 'paths', 'forecast']);
/** Neighbours that a question of five fetches, as its receipt's table is searched for. */
const fetchedAtOnce = 1_596;

/**
 * @param {import('../benches.mjs').BenchRun} run
 * @param {{ home: string, uri: string, moments: import('./search-figures.mjs').Held, questions: number }} given `uri` lies in `home`
 * @returns {Promise<Figure[]>}
 */
export async function answeredFigures({ undo, say }, { home, uri, moments, questions }) {
  await useMemory(uri);
  const bare = await openBare(uri);
  undo.add(() => bare.close());
  const { httpUrl } = await freshStandalone(undo, { home });
  const vectors = vectorsOf(moments, questions);
  const [ours, theirs] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  /** @type {Record<string, number>} */
  const spent = {};
  for (const [turn, question] of questionsOf(moments, questions).entries()) {
    let started = performance.now();
    const { receipt } = await answered(httpUrl, question);
    ours.push(performance.now() - started);
    for (const phase of phases) spent[phase] = (spent[phase] ?? 0) + receipt.phases_ms[phase] / questions;
    started = performance.now();
    await bare.find(vectors[turn], { k: fetchedAtOnce, sql: undefined, nprobes: receipt.nprobes });
    theirs.push(performance.now() - started);
  }
  say('answered');
  const [whole, alone] = [quantiles(ours), quantiles(theirs)];
  const told = phases.map((phase) => `${phase} ${spent[phase].toFixed(1)}`).join(', ');
  return [
    {
      metric: `whole answers over HTTP, ${moments.rows.length.toLocaleString('en')} moments, p50`,
      ours: whole.p50,
      theirs: alone.p50,
      unit: 'ms',
      better: 'less',
      notes: `beside one bare search for the ${fetchedAtOnce.toLocaleString('en')} nearest; p99 ${whole.p99.toFixed(1)}, bare ${alone.p99.toFixed(1)}; mean ms of ${told}; seven horizons, no bars to draw paths from`,
    },
  ];
}

/** @param {string} uri */
async function useMemory(uri) {
  const store = await LanceMomentStore.open({ uri });
  await store.use(definition.id);
  await store.close();
}

/** Moments of the memory itself, of its later half, each asked as of its own time. @param {import('./search-figures.mjs').Held} moments @param {number} count */
function questionsOf({ columns, rows }, count) {
  return Array.from({ length: count }, (_, at) => {
    const row = Math.floor(rows.length / 2 + ((at + 0.37) * rows.length) / 2 / count);
    const { market, symbol } = columns.instruments[columns.instrument[row]];
    const asOf = isoFromUs(Math.max(columns.timeUs[row], definition.knownAtUs));
    return { symbol, market, time: isoFromUs(columns.timeUs[row]), asOf };
  });
}

/** @param {string} httpUrl @param {object} question @returns {Promise<import('@hindcast/contracts').SimilarAnswer>} */
async function answered(httpUrl, question) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${httpUrl}/v1/similar`, { method: 'POST', headers, body: JSON.stringify(question) });
  if (!response.ok) throw new Error(`similar answered ${response.status}: ${await response.text()}`);
  return /** @type {import('@hindcast/contracts').SimilarAnswer} */ (await response.json());
}
