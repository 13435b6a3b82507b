import { setImmediate } from 'node:timers/promises';
import { HindcastError, isoFromUs } from '@hindcast/contracts';
import type { Instrument } from '@hindcast/market';
import { pathLengthMax, similarStatePaths, standardised, type MemoryDefinition, type MomentColumns } from '@hindcast/memory';
import type { MomentFilter, MomentStore } from '@hindcast/ports';
import { emptyMemory } from './chosen-memory.js';
import { apartFrom, assertComparable, nothingLeft, pointsMin, warpingBand, type PathNeighbour, type PathsFound } from './path-matches.js';
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
/** Stretches that are compared before others have the thread: a day around the clock, at a moment a minute. */
const stretchesAtOnce = 1_440;

/** Moments of an instrument on the memory's grid, none missing between them. */
interface Run extends Instrument {
  readonly firstUs: number;
  readonly length: number;
  /** As the memory compares them. */
  readonly vectors: Float32Array;
}

/** The stretches of a memory whose moments went most like those of one, apart from each other. FIELD_INVALID, MEMORY_EMPTY, MOMENTS_NONE. */
export async function searchStatePaths(
  store: Pick<MomentStore, 'moments' | 'count'>,
  { memory, fromUs, toUs, k, rule, filter, excludeWithinUs, signal, ...instrument }: StatePathQuestion,
): Promise<PathsFound> {
  const stepUs = memory.stateIntervalMs * 1_000;
  const path = await pathOf(store, { memory, fromUs, toUs, asOfUs: filter.asOfUs, ...instrument });
  const { length } = path;
  const limits = { length, numbers: path.vectors.length / length, pointsMax: momentsMax, things: `moments of ${memory.id}` };
  const halfUs = (toUs - fromUs) / 2;
  const passing = excludeWithinUs === 0 ? filter : { ...filter, exclude: { timeUs: fromUs + halfUs, withinUs: halfUs + excludeWithinUs } };
  const rows = await store.count(memory.id, passing);
  assertComparable(rows, limits);
  const runs = runsOf(await store.moments(memory.id, passing), memory).filter((run) => run.length >= length);
  const question = {
    ...{ path: path.vectors, size: limits.numbers, band: warpingBand(length), k },
    minGap: Math.max(length, Math.ceil(rule.minGapUs / stepUs)),
  };
  const matches: PathNeighbour[] = [];
  for (const run of runs) {
    for (let first = 0; first + length <= run.length; first += stretchesAtOnce) {
      const { market, symbol, firstUs, vectors } = run;
      const part = vectors.subarray(first * question.size, (first + stretchesAtOnce + length - 1) * question.size);
      for (const { at, distance } of similarStatePaths(part, question)) {
        const timeUs = firstUs + (first + at + length - 1) * stepUs;
        matches.push({ market, symbol, timeUs, distance: distance / Math.sqrt(length) });
      }
      await setImmediate();
      signal.throwIfAborted();
    }
  }
  if (matches.length === 0) throw nothingLeft(rows, limits);
  return {
    matches: apartFrom(matches, { k, rule, lengthUs: length * stepUs }),
    table: `moments_${memory.id}`,
    rows,
    candidates: runs.reduce((sum, run) => sum + run.length - length + 1, 0),
  };
}

interface OwnPath extends Instrument {
  readonly memory: MemoryDefinition;
  readonly fromUs: number;
  readonly toUs: number;
  readonly asOfUs: number | undefined;
}

/** The question's own moments, the longest of their runs where some are missing. */
async function pathOf(
  store: Pick<MomentStore, 'moments' | 'count'>,
  { memory, market, symbol, fromUs, toUs, asOfUs }: OwnPath,
): Promise<Run> {
  const bounds = { fromUs: fromUs + 1, toUs: toUs + 1, ...(asOfUs !== undefined && { asOfUs }) };
  const moments = await store.moments(memory.id, { market, symbols: [symbol], ...bounds }, pathLengthMax + 1);
  const longest = runsOf(moments, memory)
    .toSorted((one, other) => other.length - one.length)
    .at(0);
  const length = longest?.length ?? 0;
  if (longest !== undefined && length >= pointsMin && length <= pathLengthMax) return longest;
  if (length === 0 && (await store.count(memory.id, {})) === 0) throw emptyMemory(memory);
  throw new HindcastError(
    'FIELD_INVALID',
    `path: memory ${memory.id} has ${length > pathLengthMax ? `more than ${pathLengthMax}` : length} moments of ${symbol} of ${market} side by side between ` +
      `${isoFromUs(fromUs)} and ${isoFromUs(toUs)}, one every ${memory.stateIntervalMs / 1_000} s; ${pointsMin} to ${pathLengthMax} are allowed.`,
  );
}

/** In the order of instruments and times. */
function runsOf(moments: MomentColumns, { signature, stateIntervalMs }: MemoryDefinition): readonly Run[] {
  const { vectors, size } = standardised(signature, moments);
  const rowsOf = Map.groupBy(
    Array.from({ length: moments.length }, (_, row) => row),
    (row) => moments.instrument[row],
  );
  const runs: Run[] = [];
  for (const [code, rows] of rowsOf) {
    let first = 0;
    for (let end = 1; end <= rows.length; end += 1) {
      if (end < rows.length && moments.timeUs[rows[end]] - moments.timeUs[rows[end - 1]] === stateIntervalMs * 1_000) continue;
      const run = new Float32Array((end - first) * size);
      for (let i = first; i < end; i += 1) run.set(vectors.subarray(rows[i] * size, (rows[i] + 1) * size), (i - first) * size);
      runs.push({ ...moments.instruments[code], firstUs: moments.timeUs[rows[first]], length: end - first, vectors: run });
      first = end;
    }
  }
  return runs;
}
