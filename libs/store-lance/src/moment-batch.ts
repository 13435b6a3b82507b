import { HindcastError } from '@hindcast/contracts';
import {
  drawOf,
  outcomeMarks,
  regimeCodes,
  signatureNames,
  signatureSize,
  standardised,
  type Horizon,
  type MemoryDefinition,
  type MomentColumns,
  type OutcomeColumns,
} from '@hindcast/memory';
import { DateDay, Float64, Uint8, makeData, type Data, type Float32, type Table, type TimestampMicrosecond } from 'apache-arrow';
import { arrowTable, codedTextData, floatData, listData, timeData } from './arrow-data.js';
import { momentTableDefinition, outcomeFields } from './moment-table-definition.js';

/**
 * Rows of `moments` as one Arrow batch, column by column from typed arrays. One row a key, the last one given: a merge
 * inserts both of two new rows with the same key. FIELD_INVALID where a component that is not masked is no number.
 */
export function momentBatch(definition: MemoryDefinition, moments: MomentColumns, rows: Int32Array): Table {
  const taken = withoutRepeatedKeys(moments, rows);
  const signatures = signaturesOf(moments, taken);
  const { vectors, size } = standardised(definition.signature, { length: taken.length, ...signatures });
  assertFinite(signatures);
  const { horizons } = definition;
  const outcomes = horizons.map(({ id }) => moments.outcomes(id));
  const instruments = Uint16Array.from(taken, (row) => moments.instrument[row]);
  const columns: Data[] = [
    listData(vectors, size),
    codedTextData(
      instruments,
      moments.instruments.map(({ symbol }) => symbol),
    ),
    codedTextData(
      instruments,
      moments.instruments.map(({ market }) => market),
    ),
    timeData(picked(moments.timeUs, taken)),
    makeData({ type: new DateDay(), data: Int32Array.from(taken, (row) => moments.day[row]) }),
    makeData({ type: new Float64(), data: picked(moments.logVolatility, taken) }),
    makeData({ type: new Float64(), data: picked(moments.volumeRate, taken) }),
    codedTextData(
      Uint16Array.from(taken, (row) => moments.regime[row]),
      regimeCodes,
    ),
    makeData({ type: new Uint8(), data: Uint8Array.from(taken, (row) => moments.flags[row]) }),
    listData(withMaskedAsNaN(signatures), signatureSize),
    outcomeLists(outcomes, taken),
    makeData({ type: new Float64(), data: Float64Array.from(taken, (row) => drawOf(keyOf(moments, row))) }),
    ...signatureNames.map((_, component) => componentData(signatures, component)),
    ...horizons.map((horizon, place) => knownAtData(horizon, outcomes[place], taken)),
  ];
  return arrowTable(momentTableDefinition(definition), taken.length, columns);
}

function keyOf(moments: MomentColumns, row: number) {
  return { ...moments.instruments[moments.instrument[row]], timeUs: moments.timeUs[row] };
}

function withoutRepeatedKeys(moments: MomentColumns, rows: Int32Array): Int32Array {
  const lastOf = moments.instruments.map(() => new Map<number, number>());
  for (const row of rows) lastOf[moments.instrument[row]].set(moments.timeUs[row], row);
  const count = lastOf.reduce((sum, { size }) => sum + size, 0);
  if (count === rows.length) return rows;
  return rows.filter((row) => lastOf[moments.instrument[row]].get(moments.timeUs[row]) === row);
}

interface Signatures {
  readonly values: Float32Array;
  readonly mask: Uint32Array;
}

function signaturesOf(moments: MomentColumns, rows: Int32Array): Signatures {
  const values = new Float32Array(rows.length * signatureSize);
  for (const [place, row] of rows.entries()) {
    values.set(moments.values.subarray(row * signatureSize, (row + 1) * signatureSize), place * signatureSize);
  }
  return { values, mask: Uint32Array.from(rows, (row) => moments.mask[row]) };
}

function assertFinite({ values, mask }: Signatures): void {
  for (let at = 0; at < values.length; at += 1) {
    const component = at % signatureSize;
    if (Number.isFinite(values[at]) || isMasked(mask[(at - component) / signatureSize], component)) continue;
    throw new HindcastError('FIELD_INVALID', `${signatureNames[component]}: ${values[at]}; finite numbers, and masked ones, are allowed.`);
  }
}

function isMasked(mask: number, component: number): boolean {
  return ((mask >>> component) & 1) === 1;
}

function withMaskedAsNaN({ values, mask }: Signatures): Float32Array {
  return values.map((value, at) => {
    const component = at % signatureSize;
    return isMasked(mask[(at - component) / signatureSize], component) ? NaN : value;
  });
}

function componentData({ values, mask }: Signatures, component: number): Data<Float32> {
  const data = Float32Array.from(mask, (_, row) => values[row * signatureSize + component]);
  return floatData(data, (row) => !isMasked(mask[row], component));
}

/** An outcome that is not known is NaN all through. */
function outcomeLists(outcomes: readonly (OutcomeColumns | undefined)[], rows: Int32Array): Data {
  const size = Math.max(1, outcomes.length * outcomeFields.length);
  const values = new Float64Array(rows.length * size).fill(NaN);
  outcomes.forEach((known, horizon) => {
    if (known === undefined) return;
    outcomeFields.forEach((name, field) => {
      const column = known[name];
      const place = horizon * outcomeFields.length + field;
      for (let i = 0; i < rows.length; i += 1) {
        if (!Number.isNaN(known.knownAtUs[rows[i]])) values[i * size + place] = column[rows[i]];
      }
    });
  });
  return listData(values, size);
}

function knownAtData(horizon: Horizon, known: OutcomeColumns | undefined, rows: Int32Array): Data<TimestampMicrosecond> {
  const crosses = horizon.kind === 'time' ? outcomeMarks.close : 0;
  const isUsable = (i: number): boolean =>
    known !== undefined && !Number.isNaN(known.knownAtUs[rows[i]]) && (known.marks[rows[i]] & crosses) === 0;
  return timeData(known === undefined ? new Float64Array(rows.length) : picked(known.knownAtUs, rows), isUsable);
}

function picked(column: Float64Array, rows: Int32Array): Float64Array {
  return Float64Array.from(rows, (row) => column[row]);
}
