/** Exact: every value is kept and sorted. @param {readonly number[]} values */
export function percentilesOf(values) {
  if (values.length === 0) throw new Error('no value was measured');
  const sorted = Float64Array.from(values).sort();
  const at = (/** @type {number} */ share) => /** @type {number} */ (sorted[Math.ceil(share * sorted.length) - 1]);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}
