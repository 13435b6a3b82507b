/** How outcomes are spread, weighted. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
  /** Share above 0. */
  readonly up: number;
  /** At `quantileLevels`. */
  readonly quantiles: readonly number[];
}

export const quantileLevels = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95] as const;

/** Weights are not negative; without them each value counts the same. Values that are NaN are no outcomes and are left out. */
export function distributionOf(values: ArrayLike<number>, weights?: ArrayLike<number>): Distribution {
  const order: number[] = [];
  for (let i = 0; i < values.length; i += 1) if (!Number.isNaN(values[i])) order.push(i);
  order.sort((one, other) => values[one] - values[other] || one - other);
  const weightOf = (i: number): number => weights?.[i] ?? 1;
  let total = 0;
  let mean = 0;
  let up = 0;
  for (const i of order) {
    total += weightOf(i);
    mean += weightOf(i) * values[i];
    if (values[i] > 0) up += weightOf(i);
  }
  if (!(total > 0)) return { count: 0, mean: NaN, deviation: NaN, up: NaN, quantiles: quantileLevels.map(() => NaN) };
  mean /= total;
  let squares = 0;
  for (const i of order) squares += weightOf(i) * (values[i] - mean) ** 2;
  return {
    count: order.length,
    mean,
    deviation: Math.sqrt(squares / total),
    up: up / total,
    quantiles: weightedQuantiles(
      order.map((i) => values[i]),
      { weights: order.map(weightOf), total },
    ),
  };
}

/** Between the middles of neighbouring weights in a straight line: Hazen's quantiles where all weights are equal. */
function weightedQuantiles(
  sorted: readonly number[],
  { weights, total }: { readonly weights: readonly number[]; readonly total: number },
): readonly number[] {
  const middles: number[] = [];
  let below = 0;
  for (const weight of weights) {
    middles.push((below + weight / 2) / total);
    below += weight;
  }
  return quantileLevels.map((level) => {
    const above = middles.findIndex((middle) => middle >= level);
    if (above === 0) return sorted[0];
    if (above < 0) return sorted[sorted.length - 1];
    const span = middles[above] - middles[above - 1];
    const share = span > 0 ? (level - middles[above - 1]) / span : 1;
    return sorted[above - 1] + share * (sorted[above] - sorted[above - 1]);
  });
}
