/**
 * A second implementation, straight from the table of formulas and as slow as it likes: arrays of bars, everything made
 * anew for every state. It shares no code with the first; tests hold the two against each other.
 */
import type { PhysicsState } from './physics-state.js';

export interface ReferenceTrade {
  readonly timeUs: number;
  readonly price: number;
  readonly size: number;
  readonly sideSign: number;
}

/** One second; `price` is carried where `trades` is 0. */
interface ReferenceBar {
  readonly second: number;
  readonly price: number;
  readonly low: number;
  readonly high: number;
  readonly volume: number;
  readonly notional: number;
  readonly signedVolume: number;
  readonly trades: number;
}

export type ReferenceState = Omit<PhysicsState, 'market' | 'symbol'>;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const ratioLog = (from: number, to: number): number => (Math.abs(Math.log(to / from)) < 1e-12 ? 0 : Math.log(to / from));
const changes = (prices: readonly number[]): number[] => prices.slice(1).map((price, i) => ratioLog(prices[i], price));

function average(bars: readonly ReferenceBar[]): number {
  const traded = bars.filter((bar) => bar.trades > 0);
  const vwap = sum(traded.map((bar) => bar.notional)) / sum(traded.map((bar) => bar.volume));
  return Math.min(Math.max(vwap, Math.min(...traded.map((bar) => bar.low))), Math.max(...traded.map((bar) => bar.high)));
}

/** Every state up to `untilUs` that the trades (in sequence order, none late) call for. */
export function referenceStates(
  trades: readonly ReferenceTrade[],
  { untilUs, keep }: { readonly untilUs: number; readonly keep: (timeUs: number) => boolean },
): ReferenceState[] {
  const states: ReferenceState[] = [];
  for (const traded of windowsOf(trades)) {
    const bars: ReferenceBar[] = [];
    traded.forEach((bar, i) => {
      bars.push(bar);
      // States for 300 silent seconds, then none; the silence is filled all the same.
      const nextSecond = i + 1 < traded.length ? traded[i + 1].second : bar.second + 301;
      for (let second = bar.second; second < nextSecond; second += 1) {
        if (second > bar.second) bars.push({ ...bar, second, volume: 0, notional: 0, signedVolume: 0, trades: 0 });
        const timeUs = (second + 1) * 1e6;
        if (second <= bar.second + 300 && timeUs <= untilUs && keep(timeUs)) states.push(referenceState(bars));
      }
    });
  }
  return states;
}

/** Bars with trades, cut where 3,900 or more seconds lie empty between two. */
function windowsOf(trades: readonly ReferenceTrade[]): ReferenceBar[][] {
  const bySecond = new Map<number, ReferenceTrade[]>();
  for (const trade of trades) {
    const second = Math.floor(trade.timeUs / 1e6);
    bySecond.set(second, [...(bySecond.get(second) ?? []), trade]);
  }
  const windows: ReferenceBar[][] = [];
  for (const [second, of] of [...bySecond].sort(([a], [b]) => a - b)) {
    const bar = {
      second,
      price: 0,
      low: Math.min(...of.map(({ price }) => price)),
      high: Math.max(...of.map(({ price }) => price)),
      volume: sum(of.map(({ size }) => size)),
      notional: sum(of.map(({ price, size }) => price * size)),
      signedVolume: sum(of.map(({ size, sideSign }) => sideSign * size)),
      trades: of.length,
    };
    const previous = windows.at(-1)?.at(-1);
    if (!previous || second - previous.second - 1 >= 3_900) windows.push([]);
    windows.at(-1)!.push({ ...bar, price: average([bar]) });
  }
  return windows;
}

function referenceState(bars: readonly ReferenceBar[]): ReferenceState {
  const window = bars.slice(-300);
  const hour = bars.slice(-3_600);
  const last = window[window.length - 1];
  const prices = window.map((bar) => bar.price);
  const r = changes(prices);
  const meanReturn = sum(r) / r.length;
  const spread = r.length < 2 ? 0 : Math.sqrt(sum(r.map((value) => (value - meanReturn) ** 2)) / (r.length - 1));
  const sd = spread > 1e-12 ? spread : 0;
  const rate = sum(window.map((bar) => bar.volume)) / window.length;
  const usual = sum(hour.map((bar) => bar.volume)) / hour.length;
  const mass = rate === 0 ? 0 : rate / (rate + usual);
  const velocity = sd === 0 ? 0 : Math.log(last.price / prices[0]) / (sd * Math.sqrt(r.length));
  const path = sum(r.map(Math.abs));
  const alpha = window.filter((bar) => bar.trades > 0).length < 60 ? null : referenceAlpha(hour);
  const state: ReferenceState = {
    timeUs: (last.second + 1) * 1e6,
    mass,
    velocity,
    momentum: mass * velocity,
    friction: path === 0 ? 1 : 1 - Math.abs(sum(r)) / path,
    entropy: sd === 0 ? 0 : referenceEntropy(r.map((value) => value / sd)),
    nashDistance: referenceNash(window),
    alphaCoefficient: alpha,
    regime: alpha === null ? 'WAIT' : alpha > 2 ? 'Gaussian' : alpha > 1.5 ? 'Lévy Stable' : 'Critical',
    price: last.price,
    volume: sum(window.map((bar) => bar.volume)),
    signedVolume: sum(window.map((bar) => bar.signedVolume)),
    trades: sum(window.map((bar) => bar.trades)),
  };
  if (sd > 0)
    besideEdges.set(
      state,
      [-edgeWidth, edgeWidth].map((shift) => referenceEntropy(r.map((value) => value / sd + shift))),
    );
  return state;
}

/** Closer to an edge between two bins than this, and rounding decides on which side of it a return falls. */
const edgeWidth = 1e-9;
const besideEdges = new WeakMap<ReferenceState, readonly number[]>();

/** What the entropy of a state may be, as rounding goes: one number, unless a return lies on the edge of a bin. */
export function entropiesOf(state: ReferenceState): readonly number[] {
  return [state.entropy, ...(besideEdges.get(state) ?? [])];
}

function referenceEntropy(scaled: readonly number[]): number {
  const counts = Array<number>(16).fill(0);
  for (const value of scaled) counts[value < -4 ? 0 : value >= 4 ? 15 : Math.floor((value + 4) / 0.5)] += 1;
  const shares = counts.filter((count) => count > 0).map((count) => count / scaled.length);
  return -sum(shares.map((q) => q * Math.log(q))) / Math.log(16);
}

function referenceNash(window: readonly ReferenceBar[]): number {
  const prices = window.map((bar) => bar.price);
  const low = Math.min(...prices);
  const high = Math.max(...prices);
  if (high === low) return 0;
  const volumes = Array<number>(32).fill(0);
  for (const { price, volume } of window) volumes[Math.min(31, Math.floor(((price - low) / (high - low)) * 32))] += volume;
  const pointOfControl = low + ((high - low) * (volumes.indexOf(Math.max(...volumes)) + 0.5)) / 32;
  return Math.abs(prices[prices.length - 1] - pointOfControl) / (high - low);
}

function referenceAlpha(hour: readonly ReferenceBar[]): number | null {
  const buckets = new Map<number, ReferenceBar[]>();
  for (const bar of hour) {
    const bucket = Math.floor(bar.second / 10);
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), bar]);
  }
  const prices: number[] = [];
  for (const bars of buckets.values()) {
    if (bars.length < 10) continue;
    const traded = bars.some((bar) => bar.trades > 0);
    prices.push(traded ? average(bars) : (prices.at(-1) ?? bars[bars.length - 1].price));
  }
  const sizes = changes(prices)
    .map(Math.abs)
    .filter((size) => size > 0)
    .sort((a, b) => b - a);
  if (sizes.length < 60) return null;
  const k = Math.max(10, Math.floor(sizes.length / 10));
  const mean = sum(sizes.slice(0, k).map((size) => Math.log(size / sizes[k]))) / k;
  return Math.min(10, Math.max(0.5, 1 / mean));
}
