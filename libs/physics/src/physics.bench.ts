/**
 * What a state costs: `node libs/physics/dist/physics.bench.js [--full]` prints states a second, trades a second and
 * the bytes of an instrument's window, each as a line of JSON for `npm run bench`. Small by default, so that it can run
 * with every change.
 */
import { secondUs } from '@hindcast/contracts';
import type { BarTrade } from '@hindcast/market';
import { InstrumentWindow } from './instrument-window.js';

const full = process.argv.includes('--full');
const seconds = full ? 120_000 : 12_000;
const tradesPerSecond = 4;
const instruments = full ? 1_000 : 100;

/** A walk of cents from a fixed linear congruential generator (Numerical Recipes): every run folds the same trades. */
function* walk(): Generator<BarTrade> {
  let seed = 7;
  const next = (): number => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  let cents = 16_800;
  for (let row = 0; row < seconds * tradesPerSecond; row += 1) {
    cents += Math.floor(next() * 3) - 1;
    const timeUs = Math.floor((row * secondUs) / tradesPerSecond + next() * 200_000);
    yield { timeUs, price: cents / 100, size: 1 + Math.floor(next() * 500), sideSign: Math.floor(next() * 3) - 1 };
  }
}

function statesOfOne(): void {
  const trades = [...walk()];
  const window = new InstrumentWindow({ market: 'bench/walk', symbol: 'ONE' });
  let states = 0;
  const started = performance.now();
  for (const trade of trades) {
    window.fold(trade);
    states += window.advance(trade.timeUs).states.length;
  }
  const elapsedMs = performance.now() - started;
  // A state falls due at the end of every second but the last, which no later trade closes.
  if (states !== seconds - 1) throw new Error(`${seconds} seconds of trades made ${states} states`);
  report('states of one instrument', (states * 1_000) / elapsedMs, 'states/s');
  report('trades folded into them', (trades.length * 1_000) / elapsedMs, 'trades/s');
}

function bytesOfMany(): void {
  const before = process.memoryUsage();
  const windows = Array.from({ length: instruments }, (_, index) => {
    const window = new InstrumentWindow({ market: 'bench/walk', symbol: `S${index}` });
    window.fold({ timeUs: index, price: 1, size: 1, sideSign: 0 });
    window.advance(secondUs);
    return window;
  });
  const after = process.memoryUsage();
  const bytes = after.arrayBuffers - before.arrayBuffers;
  console.log(
    JSON.stringify({
      metric: `bars of an instrument, ${instruments} of them`,
      ours: bytes / windows.length,
      unit: 'bytes',
      better: 'less',
    }),
  );
}

function report(metric: string, ours: number, unit: string): void {
  console.log(JSON.stringify({ metric, ours, unit }));
}

statesOfOne();
bytesOfMany();
