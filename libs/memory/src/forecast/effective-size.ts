/** Stretches of event time in which outcomes come about, one a neighbour. */
export interface OutcomeSpans {
  readonly fromUs: ArrayLike<number>;
  readonly toUs: ArrayLike<number>;
}

/**
 * How many independent outcomes weighted neighbours are worth. Outcomes that share their minutes share their news, so each
 * counts its average uniqueness, one over the number of neighbours alive at the same time (Lopez de Prado 2018, 4.3), of
 * whatever instrument; and unequal weights count less than equal ones (Kish 1965).
 */
export function effectiveSize({ fromUs, toUs }: OutcomeSpans, weights: ArrayLike<number>): number {
  const count = weights.length;
  if (count === 0) return 0;
  const uniqueness = averageUniqueness({ fromUs, toUs }, count);
  let sum = 0;
  let squares = 0;
  let unique = 0;
  for (let i = 0; i < count; i += 1) {
    const weight = Math.abs(weights[i]);
    sum += weight;
    squares += weight * weight;
    unique += weight * uniqueness[i];
  }
  if (squares === 0) return 0;
  return Math.max(1, ((sum * sum) / squares) * (unique / sum));
}

/** Of each stretch: the mean over its time of one over how many stretches are alive then. */
function averageUniqueness({ fromUs, toUs }: OutcomeSpans, count: number): Float64Array {
  const borders = Float64Array.from(
    new Set([...Array.from({ length: count }, (_, i) => fromUs[i]), ...Array.from({ length: count }, (_, i) => toUs[i])]),
  ).sort();
  const placeOf = new Map(Array.from(borders, (border, place) => [border, place]));
  const change = new Float64Array(borders.length + 1);
  for (let i = 0; i < count; i += 1) {
    change[placeOf.get(fromUs[i]) ?? 0] += 1;
    change[placeOf.get(toUs[i]) ?? 0] -= 1;
  }
  // shared[p]: the time up to border p, each moment of it divided by how many are alive.
  const shared = new Float64Array(borders.length);
  let alive = 0;
  for (let place = 0; place + 1 < borders.length; place += 1) {
    alive += change[place];
    shared[place + 1] = shared[place] + (alive > 0 ? (borders[place + 1] - borders[place]) / alive : 0);
  }
  return Float64Array.from({ length: count }, (_, i) => {
    const length = toUs[i] - fromUs[i];
    return length > 0 ? (shared[placeOf.get(toUs[i]) ?? 0] - shared[placeOf.get(fromUs[i]) ?? 0]) / length : 1;
  });
}
