/**
 * What a memory costs: `node libs/memory/dist/memory.bench.js [--full]` prints moments a second from bars in memory (one core, a
 * moment a second, all horizons), exact searches and path queries, each as a line of JSON for `npm run bench`.
 */
import { secondUs, usFromIso } from '@hindcast/contracts';
import { usEquities, type SecondBar } from '@hindcast/market';
import { MomentColumns } from './moments/moment-columns.js';
import { MomentRecorder } from './moments/moment-recorder.js';
import { defaultHorizons } from './outcomes/horizon.js';
import { nearest } from './search/nearest.js';
import { similarPaths } from './search/path-search.js';
import { signatureNames } from './signature/components.js';
import { defaultWeights, fitScaler, standardised, weightsOf } from './signature/signature-version.js';

const full = process.argv.includes('--full');
const sessions = full ? 10 : 1;
const queries = full ? 50 : 5;

/** Numerical Recipes' generator: every run has the same bars. */
let seed = 7;
const next = (): number => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;

function barsOf(openUs: number): readonly SecondBar[] {
  let price = 100;
  return Array.from({ length: 23_400 }, (_, i) => {
    price *= Math.exp(1e-4 * (next() + next() + next() - 1.5));
    const volume = 1 + Math.floor(next() * 500);
    const bar = { open: price, high: price, low: price, close: price, volume, notional: price * volume };
    return {
      startUs: openUs + i * secondUs,
      ...bar,
      signedVolume: Math.round((2 * next() - 1) * volume),
      trades: 1 + Math.floor(next() * 5),
    };
  });
}

function recorded(): MomentColumns {
  const columns = new MomentColumns(defaultHorizons);
  const instrument = { market: 'usa/equity', symbol: 'ONE' };
  const recorder = new MomentRecorder({ instrument, calendar: usEquities, stateIntervalMs: 1_000, columns });
  let elapsedMs = 0;
  let timeUs = usFromIso('2013-10-07T00:00:00Z') ?? 0;
  for (let session = 0; session < sessions; session += 1) {
    const { openUs, closeUs } = usEquities.sessionFrom(timeUs);
    const bars = barsOf(openUs);
    const started = performance.now();
    for (const bar of bars) recorder.append(bar);
    recorder.advance(closeUs);
    elapsedMs += performance.now() - started;
    timeUs = closeUs;
  }
  report('moments with signatures and outcomes', (columns.length * 1_000) / elapsedMs, 'moments/s');
  return columns;
}

function searched(columns: MomentColumns): void {
  const scaler = fitScaler(
    columns,
    Int32Array.from({ length: columns.length }, (_, row) => row),
  );
  const version = { id: 'bench', components: signatureNames, weights: weightsOf(defaultWeights), scaler };
  const { vectors, size } = standardised(version, columns);
  const { length, timeUs, instrument, day } = columns;
  const moments = { length, size, vectors, timeUs, instrument, day };
  const candidates = Int32Array.from({ length }, (_, row) => row);
  for (const minGapUs of [0, 300 * secondUs]) {
    const times = Array.from({ length: queries }, () => {
      const row = Math.floor(next() * length);
      const started = performance.now();
      nearest(moments, { vector: vectors.subarray(row * size, (row + 1) * size), k: 10, candidates, minGapUs });
      return performance.now() - started;
    });
    report(`exact search, 10 of ${length}${minGapUs > 0 ? ', five minutes apart' : ''}, median`, median(times), 'ms', 'less');
  }
}

function paths(): void {
  for (const length of full ? [100_000, 1_000_000] : [20_000]) {
    let price = 100;
    const series = Float64Array.from({ length }, () => (price += next() - 0.5));
    const path = series.slice(length - 300);
    for (const band of [0, 15]) {
      const times = Array.from({ length: 3 }, () => {
        const started = performance.now();
        similarPaths(series.subarray(0, length - 300), { path, band, k: 5, minGap: 300 });
        return performance.now() - started;
      });
      report(`path of 300 in ${length}, band ${band}, median`, median(times), 'ms', 'less');
    }
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1];
}

function report(metric: string, ours: number, unit: string, better?: 'less'): void {
  console.log(JSON.stringify({ metric, ours, unit, ...(better ? { better } : {}) }));
}

searched(recorded());
paths();
