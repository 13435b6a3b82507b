import { MomentColumns, signatureSize, standardised, type MemoryDefinition, type regimeCodes } from '@hindcast/memory';
import type { RecordBatch } from 'apache-arrow';
import { columnOf, listNumbers, textsOf } from './arrow-data.js';
import { outcomeFields } from './moment-table-definition.js';
import type { AnswerReader, RowsFound } from './nearest-rows.js';

const knownAtField = outcomeFields.indexOf('knownAtUs');

/** What a moment is read from. */
export const momentColumns = [
  'symbol',
  'market',
  'timestamp',
  'session_day',
  'log_volatility',
  'volume_rate',
  'regime',
  'flags',
  'signature',
  'outcomes',
];

/** Adds the rows of an answer; outcomes that were not known `asOfUs` stay unknown. */
export function readMoments(into: MomentColumns, batches: readonly RecordBatch[], asOfUs = Infinity): void {
  for (const batch of batches) readBatch(into, batch, asOfUs);
}

function readBatch(into: MomentColumns, batch: RecordBatch, asOfUs: number): void {
  const [symbol, market, regime] = ['symbol', 'market', 'regime'].map((name) => textsOf(batch, name));
  const timeUs = columnOf(batch, 'timestamp').data[0].values as BigInt64Array;
  const [day, logVolatility, volumeRate, flags] = ['session_day', 'log_volatility', 'volume_rate', 'flags'].map(
    (name) => columnOf(batch, name).data[0].values as ArrayLike<number>,
  );
  const signatures = listNumbers(batch, 'signature') as Float32Array;
  const outcomes = listNumbers(batch, 'outcomes') as Float64Array;
  const first = into.length;
  for (let row = 0; row < batch.numRows; row += 1) {
    const code = into.codeOf({ market: market(row) as string, symbol: symbol(row) as string });
    const level = { logVolatility: logVolatility[row], volumeRate: volumeRate[row] };
    const moment = {
      timeUs: Number(timeUs[row]),
      day: day[row],
      level,
      regime: regime(row) as (typeof regimeCodes)[number],
      flags: flags[row],
    };
    into.add(code, moment, (values, at) => readSignature(signatures, row, { values, at }));
  }
  readOutcomes(into, outcomes, { first, count: batch.numRows, asOfUs });
}

/** Returns the mask; a masked component is 0, as it was when it was made. */
function readSignature(
  signatures: Float32Array,
  row: number,
  { values, at }: { readonly values: Float32Array; readonly at: number },
): number {
  let mask = 0;
  for (let component = 0; component < signatureSize; component += 1) {
    const value = signatures[row * signatureSize + component];
    if (Number.isNaN(value)) mask |= 1 << component;
    values[at + component] = Number.isNaN(value) ? 0 : value;
  }
  return mask;
}

/** Of all rows of a batch, that begin at `first`: a list of `outcomeFields` a horizon. What was not known stays NaN. */
function readOutcomes(
  into: MomentColumns,
  outcomes: Float64Array,
  { first, count, asOfUs }: { readonly first: number; readonly count: number; readonly asOfUs: number },
): void {
  const size = into.horizons.length * outcomeFields.length;
  for (const [place, { id }] of into.horizons.entries()) {
    const columns = into.outcomes(id);
    if (columns === undefined) continue;
    const { logReturn, volatility, highestGain, deepestLoss, volume, knownAtUs, marks } = columns;
    for (let row = 0; row < count; row += 1) {
      const from = row * size + place * outcomeFields.length;
      if (!(outcomes[from + knownAtField] <= asOfUs)) continue;
      logReturn[first + row] = outcomes[from];
      volatility[first + row] = outcomes[from + 1];
      highestGain[first + row] = outcomes[from + 2];
      deepestLoss[first + row] = outcomes[from + 3];
      volume[first + row] = outcomes[from + 4];
      knownAtUs[first + row] = outcomes[from + knownAtField];
      marks[first + row] = outcomes[from + 6];
    }
  }
}

export interface MomentsFound extends RowsFound {
  readonly moments: MomentColumns;
  readonly vectors: Float32Array;
  readonly distances: Float64Array;
}

/** Distances anew in double precision; equally near ones by (time, symbol, market). */
export function momentReader(
  { signature, horizons }: MemoryDefinition,
  { vector, asOfUs }: { readonly vector: Float32Array; readonly asOfUs: number | undefined },
): AnswerReader<MomentsFound> {
  return {
    columns: momentColumns,
    read: (batches, k) => {
      const all = new MomentColumns(
        horizons,
        batches.reduce((rows, { numRows }) => rows + numRows, 0),
      );
      readMoments(all, batches, asOfUs);
      const { vectors, size } = standardised(signature, all);
      const distance = Float64Array.from({ length: all.length }, (_, row) => distanceTo(vector, vectors, row * size));
      const order = Int32Array.from({ length: all.length }, (_, row) => row)
        .sort((one, other) => distance[one] - distance[other] || byTime(all, one, other))
        .subarray(0, k);
      const moments = new MomentColumns(horizons, order.length);
      moments.addRows(all, order);
      const ordered = new Float32Array(order.length * size);
      for (const [place, row] of order.entries()) ordered.set(vectors.subarray(row * size, (row + 1) * size), place * size);
      return { moments, vectors: ordered, distances: Float64Array.from(order, (row) => distance[row]) };
    },
  };
}

function distanceTo(vector: Float32Array, vectors: Float32Array, at: number): number {
  let sum = 0;
  for (let place = 0; place < vector.length; place += 1) sum += (vectors[at + place] - vector[place]) ** 2;
  return Math.sqrt(sum);
}

function byTime({ timeUs, instrument, instruments }: MomentColumns, one: number, other: number): number {
  if (timeUs[one] !== timeUs[other]) return timeUs[one] - timeUs[other];
  const [a, b] = [instruments[instrument[one]], instruments[instrument[other]]];
  return byCodeUnit(a.symbol, b.symbol) || byCodeUnit(a.market, b.market);
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
