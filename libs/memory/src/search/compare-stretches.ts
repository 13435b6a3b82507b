import type { NearestApart } from './nearest-apart.js';

/** A path beside a series: how far is the stretch of it that begins at `at`? Infinity as soon as it is not below `limit`. */
export interface PathComparison {
  /** Numbers of a path, and places that each may be shifted to. */
  readonly numbers: number;
  readonly places: number;
  /** Point by point. */
  squaredUnwarped(at: number, limit: number): number;
  /** Along the best warping, which is no farther. */
  squaredDistance(at: number, limit: number): number;
}

/** Stretches of a series, one a step of its grid. */
export interface Stretches {
  readonly instrument: string;
  /** Where in the series the first begins, and when it ends. */
  readonly first: number;
  readonly firstEndUs: number;
  readonly count: number;
  readonly stepUs: number;
}

/** Differences that are squared in a step: less than a tenth of a second where no bound rules anything out. */
const differencesAtOnce = 10_000_000;

/**
 * Tells how near a stretch must be to matter before the first is warped, at a fraction of the price of warping it. What is bounded
 * is to be compared too: stretches pass first here, then there.
 */
export function* boundStretches(comparison: PathComparison, stretches: Stretches, nearest: NearestApart): Generator<void> {
  // Without places to be shifted to the bound is the distance.
  if (comparison.places === 1) return;
  yield* inSteps(stretches, comparison.numbers, (at, timeUs) => {
    const squared = comparison.squaredUnwarped(at, nearest.limit);
    if (squared < Infinity) nearest.boundBy({ instrument: stretches.instrument, timeUs }, squared);
  });
}

export function* compareStretches(comparison: PathComparison, stretches: Stretches, nearest: NearestApart): Generator<void> {
  yield* inSteps(stretches, comparison.numbers * comparison.places, (at, timeUs) => {
    const squared = comparison.squaredDistance(at, nearest.limit);
    if (squared < Infinity) nearest.add({ instrument: stretches.instrument, timeUs }, squared);
  });
}

function* inSteps(
  { first, firstEndUs, count, stepUs }: Stretches,
  differences: number,
  look: (at: number, timeUs: number) => void,
): Generator<void> {
  const atOnce = Math.max(1, Math.floor(differencesAtOnce / differences));
  for (let from = 0; from < count; from += atOnce) {
    for (let i = from; i < Math.min(count, from + atOnce); i += 1) look(first + i, firstEndUs + i * stepUs);
    yield;
  }
}
