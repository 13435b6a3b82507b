/**
 * Whole numbers between a Float64Array, in which we reckon, and the 64-bit integers that Arrow stores. The two 32-bit
 * halves are written by hand: a BigInt a row costs ten times as much. Exact for whole numbers up to 2^53 either way.
 * Arrow's buffers are little-endian, as is every machine that Node runs on.
 */
const halfRange = 4_294_967_296;

export function int64FromDoubles(values: Float64Array): BigInt64Array<ArrayBuffer> {
  const column = new BigInt64Array(values.length);
  const low = new Uint32Array(column.buffer);
  const high = new Int32Array(column.buffer);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    const upper = Math.floor(value / halfRange);
    low[2 * row] = value - upper * halfRange;
    high[2 * row + 1] = upper;
  }
  return column;
}

export function doublesFromInt64(column: BigInt64Array | BigUint64Array, length = column.length): Float64Array {
  const { low, high } = int64Halves(column);
  const values = new Float64Array(length);
  for (let row = 0; row < length; row++) values[row] = high[2 * row + 1] * halfRange + low[2 * row];
  return values;
}

/** `floor(x / 1000)` of each: exact although nanoseconds themselves are beyond what a double holds. */
export function thousandthsFromInt64(column: BigInt64Array, length = column.length): Float64Array {
  const { low, high } = int64Halves(column);
  const values = new Float64Array(length);
  // 2^32 = 4,294,967 x 1,000 + 296.
  for (let row = 0; row < length; row++) {
    const upper = high[2 * row + 1];
    values[row] = upper * 4_294_967 + Math.floor((upper * 296 + low[2 * row]) / 1000);
  }
  return values;
}

function int64Halves(column: BigInt64Array | BigUint64Array): { readonly low: Uint32Array; readonly high: Int32Array | Uint32Array } {
  const { buffer, byteOffset, length } = column;
  const low = new Uint32Array(buffer, byteOffset, 2 * length);
  return { low, high: column instanceof BigInt64Array ? new Int32Array(buffer, byteOffset, 2 * length) : low };
}
