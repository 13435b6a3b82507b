/** Recall and times of searches by filter and k, beside the bare library that is asked the same in turns. */
import { candidateRows, drawOf, nearest, standardised } from '@hindcast/memory';
import { momentColumns } from '@hindcast/store-lance';
import { Session, connect } from '@lancedb/lancedb';
import { definition } from './bench-moments.mjs';

/**
 * @typedef {import('../figure.mjs').Figure} Figure
 * @typedef {import('./bench-moments.mjs').Moments} Moments
 * @typedef {{ readonly columns: Moments, readonly rows: Int32Array }} Held
 * @typedef {object} Filtered
 * @property {string} name
 * @property {import('@hindcast/ports').MomentFilter} filter
 * @property {string} [sql] the same for the bare library
 * @property {(row: number) => boolean} passes and without either
 */

const { id } = definition;
const counts = [5, 10, 50, 1_200];
const recallGoal = 0.99;
/** Ours takes at most twice as long. */
const ratioGoal = 0.5;
/** Sums of squares differ in their last digits by the order in which they are added. */
const rounding = 1e-6;

/**
 * @param {{ uri: string, store: import('@hindcast/ports').MomentStore, moments: Held, questions: number }} given
 * @returns {Promise<Figure[]>}
 */
export async function searchFigures({ uri, store, moments, questions }) {
  const bare = await openBare(uri);
  /** @type {Figure[]} */
  const figures = [];
  let [least, where] = [1, ''];
  const asked = vectorsOf(moments, questions);
  for (const filtered of filtersOf(moments)) {
    const truth = exactly(moments, filtered);
    for (const k of counts) {
      const measured = await inTurns({ store, bare, asked, truth, filtered, k });
      if (measured.recall < least) [least, where] = [measured.recall, `${filtered.name}, k = ${k}`];
      figures.push({
        metric: `${k.toLocaleString('en')} nearest of ${moments.rows.length.toLocaleString('en')}, ${filtered.name}, p50`,
        ours: measured.ours.p50,
        theirs: measured.bare.p50,
        unit: 'ms',
        better: 'less',
        goal: { ratio: ratioGoal },
        notes: `recall ${measured.recall.toFixed(4)}; p99 ${measured.ours.p99.toFixed(1)}, bare ${measured.bare.p99.toFixed(1)}; ${measured.how}`,
      });
    }
  }
  bare.close();
  const metric = `least recall of these, ${moments.rows.length.toLocaleString('en')} moments`;
  return [{ metric, ours: least, unit: 'share', goal: { ours: recallGoal }, notes: where }, ...figures];
}

/** Questions at even distances through all rows. @param {Held} moments @param {number} count */
export function vectorsOf({ columns, rows }, count) {
  const { vectors, size } = standardised(definition.signature, columns);
  return Array.from({ length: count }, (_, at) => {
    const row = Math.floor(((at + 0.37) * rows.length) / count);
    return vectors.slice(row * size, (row + 1) * size);
  });
}

/** @param {Held} moments @returns {readonly Filtered[]} */
function filtersOf({ columns, rows }) {
  const draws = Float64Array.from(rows, (row) => drawOf({ ...columns.instruments[columns.instrument[row]], timeUs: columns.timeUs[row] }));
  const times = columns.timeUs.slice(0, rows.length).sort();
  const asOfUs = times[Math.floor(rows.length / 2)];
  const [fromUs, toUs] = [0.3, 0.305].map((share) => times[Math.floor(rows.length * share)]);
  const sample = (/** @type {string} */ name, /** @type {number} */ drawBelow) => ({
    name,
    filter: { drawBelow },
    sql: `draw < ${drawBelow}`,
    passes: (/** @type {number} */ row) => draws[row] < drawBelow,
  });
  return [
    { name: 'no filter', filter: {}, passes: () => true },
    {
      name: '50 % (known by a time)',
      filter: { asOfUs },
      sql: `timestamp <= to_timestamp_micros(${asOfUs})`,
      passes: (row) => columns.timeUs[row] <= asOfUs,
    },
    sample('50 % (a sample)', 0.5),
    sample('5 % (a sample)', 0.05),
    {
      name: '0.5 % (a stretch of time)',
      filter: { fromUs, toUs },
      sql: `timestamp >= to_timestamp_micros(${fromUs}) AND timestamp < to_timestamp_micros(${toUs})`,
      passes: (row) => columns.timeUs[row] >= fromUs && columns.timeUs[row] < toUs,
    },
    sample('0.05 % (a sample)', 0.0005),
  ];
}

/** Every candidate compared, in memory. @param {Held} moments @param {Filtered} filtered */
function exactly({ columns, rows }, { passes }) {
  const { vectors, size } = standardised(definition.signature, columns);
  const { timeUs, instrument, day } = columns;
  const all = { length: rows.length, size, vectors, timeUs, instrument, day };
  const candidates = candidateRows(all, { where: passes });
  return (/** @type {Float32Array} */ vector, /** @type {number} */ k) =>
    Array.from(nearest(all, { vector, k, candidates, minGapUs: 0 }).squaredDistances, Math.sqrt);
}

/**
 * @param {{ store: import('@hindcast/ports').MomentStore, bare: Awaited<ReturnType<typeof openBare>>, asked: readonly Float32Array[],
 *   truth: ReturnType<typeof exactly>, filtered: Filtered, k: number }} given
 */
async function inTurns({ store, bare, asked, truth, filtered, k }) {
  const [ours, theirs] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  let [found, of, how] = [0, 0, ''];
  const askOurs = (/** @type {Float32Array} */ vector) =>
    timed(ours, () => store.search(id, { vector, k, filter: filtered.filter, search: 'auto' }));
  const askBare = (/** @type {Float32Array} */ vector, /** @type {number | null} */ nprobes) =>
    timed(theirs, () => bare.find(vector, { k, sql: filtered.sql, nprobes }));
  /** @type {number | null | undefined} */
  let nprobes;
  for (const [turn, vector] of asked.entries()) {
    // Whoever asks second finds rows and partitions in the system's caches, so every other time it is ours.
    const isBareFirst = nprobes !== undefined && turn % 2 === 1;
    if (isBareFirst) await askBare(vector, nprobes ?? null);
    const answer = await askOurs(vector);
    nprobes = answer.nprobes;
    if (!isBareFirst) await askBare(vector, nprobes);
    how = answer.exact ? `exact over ${answer.candidates.toLocaleString('en')}` : `${answer.nprobes} partitions`;
    const nearestOnes = truth(vector, k);
    if (answer.moments.length !== Math.min(k, answer.candidates)) throw new Error(`${answer.moments.length} of ${k} in turn ${turn}`);
    const farthest = (nearestOnes.at(-1) ?? 0) * (1 + rounding);
    found += answer.distances.filter((distance) => distance <= farthest).length;
    of += nearestOnes.length;
  }
  return { ours: quantiles(ours), bare: quantiles(theirs), recall: of === 0 ? 1 : Math.min(1, found / of), how };
}

/** @template Answer @param {number[]} times @param {() => Promise<Answer>} ask */
async function timed(times, ask) {
  const started = performance.now();
  const answer = await ask();
  times.push(performance.now() - started);
  return answer;
}

/** The library alone: the same index, filter, columns and partitions. @param {string} uri */
export async function openBare(uri) {
  const connection = await connect(uri, {}, new Session(BigInt(256 << 20), BigInt(32 << 20)));
  const table = await connection.openTable(`moments_${id}`);
  return {
    find: (
      /** @type {Float32Array} */ vector,
      /** @type {{ k: number, sql: string | undefined, nprobes: number | null }} */ { k, sql, nprobes },
    ) => {
      const query = table
        .vectorSearch(vector)
        .limit(k)
        .select([...momentColumns, '_distance']);
      const probing = nprobes === null ? query.bypassVectorIndex() : query.nprobes(nprobes);
      return (sql === undefined ? probing : probing.where(sql)).toArrow();
    },
    close: () => {
      table.close();
      connection.close();
    },
  };
}

/** @param {readonly number[]} times */
export function quantiles(times) {
  const sorted = [...times].sort((one, other) => one - other);
  const [p50, p99] = [0.5, 0.99].map((share) => sorted[Math.round(share * (sorted.length - 1))]);
  return { p50, p99 };
}
