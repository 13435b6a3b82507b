import { HindcastError, isoFromUs } from '@hindcast/contracts';
import { instrumentKey, type Instrument } from '@hindcast/market';
import {
  boundStretches,
  compareStretches,
  pathLengthMax,
  standardised,
  StatePathComparison,
  type MemoryDefinition,
  type MomentColumns,
} from '@hindcast/memory';
import type { MomentFilter, MomentStore } from '@hindcast/ports';
import { emptyMemory } from './chosen-memory.js';
import {
  assertComparable,
  inTurns,
  nearestApart,
  neighboursOf,
  nothingLeft,
  pointsMin,
  warpingBand,
  type PathsFound,
} from './path-matches.js';
import type { SpacingRule } from './spaced-search.js';

export interface StatePathQuestion extends Instrument {
  readonly memory: MemoryDefinition;
  /** Moments after it and up to `toUs` are the path. */
  readonly fromUs: number;
  readonly toUs: number;
  readonly k: number;
  readonly rule: SpacingRule;
  readonly filter: MomentFilter;
  readonly excludeWithinUs: number;
  readonly signal: AbortSignal;
}

/** They are read at once, with half a kilobyte each. */
const momentsMax = 200_000;

/** Moments of an instrument on the memory's grid, none missing between them. */
interface Run extends Instrument {
  readonly firstUs: number;
  /** Row of its first vector. */
  readonly first: number;
  readonly length: number;
}

interface Runs {
  readonly runs: readonly Run[];
  /** As the memory compares them, run after run, `size` numbers each. */
  readonly vectors: Float32Array;
  readonly size: number;
}

/** The stretches of a memory whose moments went most like those of one, apart from each other. FIELD_INVALID, MEMORY_EMPTY, MOMENTS_NONE. */
export async function searchStatePaths(
  store: Pick<MomentStore, 'moments' | 'count'>,
  { memory, fromUs, toUs, k, rule, filter, excludeWithinUs, signal, ...instrument }: StatePathQuestion,
): Promise<PathsFound> {
  const stepUs = memory.stateIntervalMs * 1_000;
  const { path, length } = await pathOf(store, { memory, fromUs, toUs, asOfUs: filter.asOfUs, ...instrument });
  const limits = { length, numbers: path.length / length, pointsMax: momentsMax, things: `moments of ${memory.id}` };
  const halfUs = Math.ceil((toUs - fromUs) / 2);
  const passing = excludeWithinUs === 0 ? filter : { ...filter, exclude: { timeUs: fromUs + halfUs, withinUs: halfUs + excludeWithinUs } };
  const rows = await store.count(memory.id, passing);
  assertComparable(rows, limits);
  const { runs, vectors, size } = runsOf(await store.moments(memory.id, passing), memory);
  const compared = runs
    .filter((run) => run.length >= length)
    .map((run) => ({
      instrument: instrumentKey(run),
      first: run.first,
      firstEndUs: run.firstUs + (length - 1) * stepUs,
      count: run.length - length + 1,
      stepUs,
    }));
  const nearest = nearestApart({ k, rule, lengthUs: length * stepUs });
  const comparison = new StatePathComparison(vectors, { path, size, band: warpingBand(length) });
  for (const compare of [boundStretches, compareStretches]) {
    for (const stretches of compared) await inTurns(compare(comparison, stretches, nearest), signal);
  }
  const matches = neighboursOf(nearest, runs, length);
  if (matches.length === 0) throw nothingLeft(rows, limits);
  return { matches, table: `moments_${memory.id}`, rows, candidates: compared.reduce((sum, { count }) => sum + count, 0) };
}

interface OwnPath extends Instrument {
  readonly memory: MemoryDefinition;
  readonly fromUs: number;
  readonly toUs: number;
  readonly asOfUs: number | undefined;
}

/** The question's own moments. What is compared is what was asked for, to the step: a shorter run of them is refused, with its bounds. */
async function pathOf(
  store: Pick<MomentStore, 'moments' | 'count'>,
  { memory, market, symbol, fromUs, toUs, asOfUs }: OwnPath,
): Promise<{ readonly path: Float32Array; readonly length: number }> {
  const bounds = { fromUs: fromUs + 1, toUs: toUs + 1, ...(asOfUs !== undefined && { asOfUs }) };
  const moments = await store.moments(memory.id, { market, symbols: [symbol], ...bounds }, pathLengthMax + 1);
  const { runs, vectors, size } = runsOf(moments, memory);
  const longest = runs.toSorted((one, other) => other.length - one.length).at(0);
  if (longest === undefined && (await store.count(memory.id, {})) === 0) throw emptyMemory(memory);
  const stepUs = memory.stateIntervalMs * 1_000;
  const asked = `moments of ${symbol} of ${market}`;
  const between = `between ${isoFromUs(fromUs)} and ${isoFromUs(toUs)}`;
  const length = longest?.length ?? 0;
  const isLong = moments.length > pathLengthMax;
  if (longest === undefined || isLong || length < pointsMin) {
    throw new HindcastError(
      'FIELD_INVALID',
      `path: memory ${memory.id} has ${isLong ? `more than ${pathLengthMax} ${asked}` : `${length} ${asked} side by side`} ${between}, ` +
        `one every ${stepUs / 1_000_000} s; ${pointsMin} to ${pathLengthMax} are allowed.`,
    );
  }
  const lastUs = longest.firstUs + (length - 1) * stepUs;
  if (longest.firstUs - fromUs > stepUs || toUs - lastUs >= stepUs) {
    throw new HindcastError(
      'FIELD_INVALID',
      `path: memory ${memory.id} lacks ${asked} ${between}; the longest stretch without a gap is ` +
        `path.from=${isoFromUs(longest.firstUs - stepUs)} path.to=${isoFromUs(lastUs)}.`,
    );
  }
  return { path: vectors.subarray(longest.first * size, (longest.first + length) * size), length };
}

/** In the order of instruments and times. */
function runsOf(moments: MomentColumns, { signature, stateIntervalMs }: MemoryDefinition): Runs {
  const { vectors: unordered, size } = standardised(signature, moments);
  const rowsOf = Map.groupBy(
    Array.from({ length: moments.length }, (_, row) => row),
    (row) => moments.instrument[row],
  );
  const vectors = new Float32Array(unordered.length);
  const runs: Run[] = [];
  let placed = 0;
  for (const [code, rows] of rowsOf) {
    const begun = placed;
    for (const row of rows) vectors.set(unordered.subarray(row * size, (row + 1) * size), placed++ * size);
    let first = 0;
    for (let end = 1; end <= rows.length; end += 1) {
      if (end < rows.length && moments.timeUs[rows[end]] - moments.timeUs[rows[end - 1]] === stateIntervalMs * 1_000) continue;
      runs.push({ ...moments.instruments[code], firstUs: moments.timeUs[rows[first]], first: begun + first, length: end - first });
      first = end;
    }
  }
  return { runs, vectors, size };
}
