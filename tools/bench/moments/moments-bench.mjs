/**
 * The nearest moments of memories of 100,000 and a million rows, recorded and simulated, a second apart: recall against a scan
 * of all of them in memory, and times beside the bare LanceDB call with the same settings, in turns. Then a process of its own
 * that answers clients while moments come, and peers: DuckDB's exact search, STUMPY's search for paths.
 */
import { join } from 'node:path';
import { LanceMomentStore } from '@hindcast/store-lance';
import { answeredFigures } from './answered-figures.mjs';
import { benchMoments, definition } from './bench-moments.mjs';
import { duckDbFigure } from './duckdb-figure.mjs';
import { pathFigures } from './path-figures.mjs';
import { searchFigures } from './search-figures.mjs';
import { servedFigures } from './served-figures.mjs';

/**
 * @typedef {import('../benches.mjs').BenchRun} BenchRun
 * @typedef {import('../figure.mjs').Figure} Figure
 */

const { id } = definition;
const rowsOf = { small: [20_000], usual: [100_000], full: [100_000, 1_000_000] };
const questionsOf = { small: 2, usual: 20, full: 20 };
const writtenAtOnce = 50_000;

/** @param {BenchRun} run @returns {Promise<Figure[]>} */
export async function runMomentsBench(run) {
  const figures = [];
  for (const count of rowsOf[run.size]) figures.push(...(await memoryFigures(run, count)));
  return [...figures, ...(await pathFigures(run))];
}

/** @param {BenchRun} run @param {number} count @returns {Promise<Figure[]>} */
async function memoryFigures(run, count) {
  const undo = run.undo.child();
  const home = undo.folder();
  const uri = join(home, 'standalone', 'lancedb');
  const questions = questionsOf[run.size];
  try {
    const moments = await benchMoments(count, { isSmall: run.size === 'small' });
    run.say(`${count.toLocaleString('en')} moments, ${moments.recorded.toLocaleString('en')} of them recorded`);
    const store = await LanceMomentStore.open({ uri });
    undo.add(() => store.close());
    const figures = await builtFigures(store, moments);
    run.say('built');
    figures.push(...(await searchFigures({ uri, store, moments, questions })));
    run.say('searched');
    figures.push(await duckDbFigure({ store, moments, questions }));
    await store.close();
    figures.push(...(await servedFigures(run, { uri, count })));
    figures.push(...(await answeredFigures({ ...run, undo }, { home, uri, moments, questions })));
    return figures;
  } finally {
    await undo.all();
  }
}

/**
 * @param {LanceMomentStore} store
 * @param {Awaited<ReturnType<typeof benchMoments>>} moments
 * @returns {Promise<Figure[]>}
 */
async function builtFigures(store, { columns, rows }) {
  await store.ensureTables();
  await store.create(definition);
  const written = await elapsedMs(async () => {
    for (let from = 0; from < rows.length; from += writtenAtOnce)
      await store.upsert(id, columns, rows.subarray(from, from + writtenAtOnce));
  });
  const indexed = await elapsedMs(() => store.optimize(id));
  const again = await elapsedMs(() => store.upsert(id, columns, rows.subarray(0, 1_000)));
  const { recall, partitions, sizeBytes } = await store.stats(id);
  const of = `${rows.length.toLocaleString('en')} moments`;
  return [
    { metric: `${of} written, ${writtenAtOnce.toLocaleString('en')} at once`, ours: (rows.length * 1_000) / written, unit: 'moments/s' },
    { metric: `1,000 of ${of} written again`, ours: again, unit: 'ms', better: 'less' },
    {
      metric: `${of}: files put together, index built and measured`,
      ours: indexed,
      unit: 'ms',
      better: 'less',
      notes: partitions === null ? 'so few are scanned, without an index' : `${partitions} partitions; recall that it measured: ${recall}`,
    },
    { metric: `${of} on disk`, ours: sizeBytes / rows.length, unit: 'bytes/moment', better: 'less' },
  ];
}

/** @param {() => Promise<unknown>} task */
async function elapsedMs(task) {
  const started = performance.now();
  await task();
  return performance.now() - started;
}
