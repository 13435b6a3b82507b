/**
 * What a state costs: `node libs/physics/dist/physics.bench.js [--full]` prints states a second, trades a second and
 * the bytes of an instrument's window. Small by default, so that it can run with every change.
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
  const perSecond = (count: number): string => Math.round((count * 1_000) / elapsedMs).toLocaleString('en');
  console.log(`${states} states from ${trades.length} trades in ${elapsedMs.toFixed(0)} ms`);
  console.log(
    `${perSecond(states)} states/s, ${((elapsedMs * 1_000) / states).toFixed(2)} us a state, ${perSecond(trades.length)} trades/s`,
  );
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
  console.log(`${Math.round(bytes / windows.length).toLocaleString('en')} bytes of bars an instrument, ${instruments} instruments`);
}

statesOfOne();
bytesOfMany();
