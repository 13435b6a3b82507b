/** A peer: DuckDB comparing every vector, `array_distance` over the same numbers in memory. */
import { DuckDBInstance } from '@duckdb/node-api';
import { standardised } from '@hindcast/memory';
import { definition } from './bench-moments.mjs';
import { quantiles, vectorsOf } from './search-figures.mjs';

/** @typedef {import('../figure.mjs').Figure} Figure */

const k = 10;

/**
 * @param {{ store: import('@hindcast/ports').MomentStore, moments: import('./search-figures.mjs').Held, questions: number }} given
 * @returns {Promise<Figure>}
 */
export async function duckDbFigure({ store, moments, questions }) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const { vectors, size } = standardised(definition.signature, moments.columns);
  const places = Array.from({ length: size }, (_, place) => place);
  await connection.run(`CREATE TABLE numbers (${places.map((place) => `c${place} FLOAT`).join(', ')})`);
  const appender = await connection.createAppender('numbers');
  for (const row of moments.rows) {
    for (const place of places) appender.appendFloat(vectors[row * size + place]);
    appender.endRow();
  }
  appender.closeSync();
  const list = places.map((place) => `c${place}`).join(', ');
  await connection.run(`CREATE TABLE moments AS SELECT rowid AS row, array_value(${list}) AS vector FROM numbers`);
  const [ours, theirs] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  for (const vector of vectorsOf(moments, questions)) {
    let started = performance.now();
    await store.search(definition.id, { vector, k, filter: {}, search: 'auto' });
    ours.push(performance.now() - started);
    started = performance.now();
    const asked = `[${vector.join(', ')}]::FLOAT[${size}]`;
    await connection.runAndReadAll(`SELECT row, array_distance(vector, ${asked}) AS distance FROM moments ORDER BY distance LIMIT ${k}`);
    theirs.push(performance.now() - started);
  }
  connection.closeSync();
  instance.closeSync();
  const metric = `${k} nearest of ${moments.rows.length.toLocaleString('en')}, beside DuckDB's array_distance, p50`;
  return { metric, ours: quantiles(ours).p50, theirs: quantiles(theirs).p50, unit: 'ms', better: 'less' };
}
