/**
 * How memory grows, and how sure that is. Garbage collection makes neighbouring samples alike, so a line is laid through
 * the means of ten stretches, and its error comes from how far they lie from it: that of a slope is sigma / sqrt(Sxx),
 * with sigma estimated from eight degrees of freedom.
 */
const stretches = 10;

/** @param {readonly { seconds: number, mb: number }[]} samples in time order, at least ten */
export function slopeOf(samples) {
  if (samples.length < stretches) throw new Error(`${samples.length} samples are too few for ${stretches} stretches`);
  const points = Array.from({ length: stretches }, (_, index) => {
    const part = samples.slice(Math.floor((index * samples.length) / stretches), Math.floor(((index + 1) * samples.length) / stretches));
    return { x: mean(part.map(({ seconds }) => seconds / 60)), y: mean(part.map(({ mb }) => mb)) };
  });
  const meanX = mean(points.map(({ x }) => x));
  const meanMb = mean(points.map(({ y }) => y));
  const sxx = sum(points.map(({ x }) => (x - meanX) ** 2));
  const perMinute = sum(points.map(({ x, y }) => (x - meanX) * (y - meanMb))) / sxx;
  const squares = sum(points.map(({ x, y }) => (y - meanMb - perMinute * (x - meanX)) ** 2));
  return { meanMb, perMinute, error: Math.sqrt(squares / (stretches - 2) / sxx) };
}

/** @param {readonly number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/** @param {readonly number[]} values */
function mean(values) {
  return sum(values) / values.length;
}
