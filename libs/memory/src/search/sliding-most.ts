/** The highest (`sign` 1) or lowest (-1) value within `band` steps of each place, whatever the band in one pass (Lemire 2009). */
export function slidingMost(values: Float64Array, band: number, sign: 1 | -1): Float64Array {
  const most = new Float64Array(values.length);
  // Places whose values may still be the most of a window, each less than the one before it.
  const places = new Int32Array(values.length);
  let [first, end] = [0, 0];
  for (let place = 0; place < values.length + band; place += 1) {
    if (place < values.length) {
      while (end > first && sign * values[places[end - 1]] <= sign * values[place]) end -= 1;
      places[end++] = place;
    }
    const centre = place - band;
    if (centre < 0) continue;
    while (places[first] < centre - band) first += 1;
    most[centre] = values[places[first]];
  }
  return most;
}
