/** Stretches that look like a path, beside STUMPY's `mass` where there is a Python that has it (HINDCAST_PEERS_PYTHON). */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { similarPaths } from '@hindcast/memory';
import { quantiles } from './search-figures.mjs';

/** @typedef {import('../figure.mjs').Figure} Figure */

const lengthsOf = { small: [20_000], usual: [100_000], full: [100_000, 1_000_000] };
const pathLength = 300;
const rounds = 5;
/** Prints the median time of a round in milliseconds, after one that compiles. */
const stumpy = `
import sys, time, numpy, stumpy
prices = numpy.fromfile(sys.argv[1])
path, series = prices[-${pathLength}:], prices[:-${pathLength}]
stumpy.mass(path, series)
times = []
for _ in range(${rounds}):
    started = time.perf_counter()
    stumpy.mass(path, series)
    times.append((time.perf_counter() - started) * 1e3)
print(sorted(times)[${rounds >> 1}])
`;

/** @param {import('../benches.mjs').BenchRun} run @returns {Promise<Figure[]>} */
export async function pathFigures({ size, undo, say }) {
  const folder = undo.folder();
  const python = process.env.HINDCAST_PEERS_PYTHON;
  if (python === undefined) say('STUMPY: skipped, HINDCAST_PEERS_PYTHON names no Python that has it');
  const figures = [];
  for (const length of lengthsOf[size]) {
    const prices = walk(length);
    const file = join(folder, `${length}.f64`);
    writeFileSync(file, new Uint8Array(prices.buffer));
    const theirs = python === undefined ? undefined : Number((await promisify(execFile)(python, ['-c', stumpy, file])).stdout);
    const [series, path] = [prices.subarray(0, length - pathLength), prices.subarray(length - pathLength)];
    for (const [k, band] of [
      [1, 0],
      [5, 0],
      [5, 15],
    ]) {
      const times = Array.from({ length: rounds }, () => {
        const started = performance.now();
        similarPaths(series, { path, band, k, minGap: pathLength });
        return performance.now() - started;
      });
      const metric = `path of ${pathLength} in ${length.toLocaleString('en')} prices, ${k} best, ${band === 0 ? 'point by point' : `warped by up to ${band}`}`;
      const peer =
        theirs === undefined || band > 0 ? {} : { theirs, goal: { ratio: 1 }, notes: 'theirs: STUMPY, distances of all stretches' };
      figures.push({ metric, ours: quantiles(times).p50, unit: 'ms', better: /** @type {const} */ ('less'), ...peer });
    }
  }
  return figures;
}

/** Prices that wander, the same in every run. @param {number} length */
function walk(length) {
  let [state, price] = [7, 100];
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (price += state / 2 ** 32 - 0.5);
  });
}
