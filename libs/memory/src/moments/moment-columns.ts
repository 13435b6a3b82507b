import type { Regime } from '@hindcast/contracts';
import { instrumentKey, type Instrument } from '@hindcast/market';
import type { Horizon } from '../outcomes/horizon.js';
import type { Outcome } from '../outcomes/outcome.js';
import { signatureSize } from '../signature/components.js';
import type { InstrumentLevel } from '../signature/signature-fold.js';

const roomAtFirst = 1_024;

/** Outcomes of one horizon, a row a moment; NaN until they are known. */
export interface OutcomeColumns {
  readonly logReturn: Float64Array;
  readonly volatility: Float64Array;
  readonly highestGain: Float64Array;
  readonly deepestLoss: Float64Array;
  readonly volume: Float64Array;
  readonly knownAtUs: Float64Array;
  readonly marks: Uint8Array;
}

/** What is to be known of the ticks behind a moment before it is trusted; bits, 0 where nothing is. */
export const momentFlags = {
  /** Trades of its last hour came late and are in none of its numbers. */
  lateTrades: 1,
  /** The side of most of its last hour's volume was inferred by the tick rule. */
  inferredSides: 2,
  /** Nothing traded for five minutes within its last hour. */
  silence: 4,
  /** The session is younger than an hour, so the hour that it is measured against is shorter. */
  shortHour: 8,
  /** Its last hour came late as a whole session: it was folded in the order of its times, when later ones were known here. */
  hindsight: 16,
} as const;

/** By code; a row without a state has code 0. */
export const regimeCodes: readonly (Regime | null)[] = [null, 'Gaussian', 'Lévy Stable', 'Critical', 'WAIT'];

/** The columns of some moments as they travel between threads: `transferablesOf` moves them without a copy. */
export interface MomentParts extends Pick<MomentColumns, ColumnName> {
  readonly length: number;
  readonly instruments: readonly Instrument[];
  readonly horizons: readonly Horizon[];
  readonly outcomes: readonly OutcomeColumns[];
}

const columnNames = ['instrument', 'timeUs', 'day', 'logVolatility', 'volumeRate', 'mask', 'values', 'regime', 'flags'] as const;
type ColumnName = (typeof columnNames)[number];

export function transferablesOf(parts: MomentParts): ArrayBuffer[] {
  const outcomes = parts.outcomes.flatMap((columns) => outcomeNames.map((name) => columns[name]));
  return [...columnNames.map((name) => parts[name]), ...outcomes].map(({ buffer }) => buffer as ArrayBuffer);
}

export interface Moment {
  readonly timeUs: number;
  /** Days since the epoch of the session's day. */
  readonly day: number;
  readonly level: InstrumentLevel;
  /** Null where no state was made at this moment. */
  readonly regime?: Regime | null;
  /** `momentFlags`. */
  readonly flags?: number;
}

/**
 * Moments with raw signatures and outcomes, as columns in memory: 150 bytes of signature a row, 49 an outcome. A signature is
 * `signatureSize` single-precision numbers, here and wherever it is stored, so that a row read back has the bits of the one made.
 */
export class MomentColumns {
  readonly instruments: Instrument[] = [];
  instrument: Uint16Array<ArrayBuffer>;
  timeUs: Float64Array<ArrayBuffer>;
  day: Int32Array<ArrayBuffer>;
  logVolatility: Float64Array<ArrayBuffer>;
  volumeRate: Float64Array<ArrayBuffer>;
  mask: Uint32Array<ArrayBuffer>;
  /** Raw components, `signatureSize` a row. */
  values: Float32Array<ArrayBuffer>;
  /** `regimeCodes`. */
  regime: Uint8Array<ArrayBuffer>;
  flags: Uint8Array<ArrayBuffer>;
  readonly #outcomes: OutcomeColumns[];
  readonly #codes = new Map<string, number>();
  #length = 0;

  /** `room`: rows that it has place for before it grows. */
  constructor(
    readonly horizons: readonly Horizon[],
    room = roomAtFirst,
  ) {
    this.instrument = new Uint16Array(room);
    this.timeUs = new Float64Array(room);
    this.day = new Int32Array(room);
    this.logVolatility = new Float64Array(room);
    this.volumeRate = new Float64Array(room);
    this.mask = new Uint32Array(room);
    this.values = new Float32Array(room * signatureSize);
    this.regime = new Uint8Array(room);
    this.flags = new Uint8Array(room);
    this.#outcomes = horizons.map(() => emptyOutcomes(room));
  }

  /** What was taken apart, in the thread that it was sent to. */
  static of({ length, instruments, horizons, outcomes, ...columns }: MomentParts): MomentColumns {
    const moments = new MomentColumns(horizons);
    Object.assign(moments, columns);
    for (const instrument of instruments) moments.codeOf(instrument);
    moments.#outcomes.splice(0, horizons.length, ...outcomes);
    moments.#length = length;
    return moments;
  }

  /** Shares its memory with these columns, which are of no use any more once it is sent away. */
  parts(): MomentParts {
    const { instrument, timeUs, day, logVolatility, volumeRate, mask, values, regime, flags } = this;
    const columns = { instrument, timeUs, day, logVolatility, volumeRate, mask, values, regime, flags };
    return { ...columns, length: this.#length, instruments: this.instruments, horizons: this.horizons, outcomes: this.#outcomes };
  }

  get length(): number {
    return this.#length;
  }

  /** The columns of a horizon; undefined where it is none of `horizons`. */
  outcomes(horizonId: string): OutcomeColumns | undefined {
    return this.#outcomes[this.horizons.findIndex(({ id }) => id === horizonId)];
  }

  codeOf(instrument: Instrument): number {
    const key = instrumentKey(instrument);
    let code = this.#codes.get(key);
    if (code === undefined) {
      code = this.instruments.push(instrument) - 1;
      this.#codes.set(key, code);
    }
    return code;
  }

  /** Adds a row and returns its number; `write` puts the raw signature into `values` at the place that it is given. */
  add(code: number, moment: Moment, write: (values: Float32Array, at: number) => number): number {
    const row = this.#length;
    if (row === this.timeUs.length) this.#grow();
    this.#length = row + 1;
    this.instrument[row] = code;
    this.timeUs[row] = moment.timeUs;
    this.day[row] = moment.day;
    this.logVolatility[row] = moment.level.logVolatility;
    this.volumeRate[row] = moment.level.volumeRate;
    this.regime[row] = regimeCodes.indexOf(moment.regime ?? null);
    this.flags[row] = moment.flags ?? 0;
    this.mask[row] = write(this.values, row * signatureSize);
    return row;
  }

  setOutcome(row: number, outcome: Outcome): void {
    const columns = this.#outcomes[this.horizons.indexOf(outcome.horizon)];
    columns.logReturn[row] = outcome.logReturn;
    columns.volatility[row] = outcome.volatility;
    columns.highestGain[row] = outcome.highestGain;
    columns.deepestLoss[row] = outcome.deepestLoss;
    columns.volume[row] = outcome.volume;
    columns.knownAtUs[row] = outcome.knownAtUs;
    columns.marks[row] = outcome.marks;
  }

  /** Adds a row of another memory's moments, outcomes included where both have the horizon and `isKnown` lets it through. */
  addFrom(from: MomentColumns, row: number, isKnown: (knownAtUs: number) => boolean = () => true): number {
    const added = this.#length;
    this.addRows(from, Int32Array.of(row), isKnown);
    return added;
  }

  /** The same for many rows, in their order: column by column, because an answer moves some ten thousand outcomes. */
  addRows(from: MomentColumns, rows: Int32Array, isKnown?: (knownAtUs: number) => boolean): void {
    const first = this.#length;
    while (first + rows.length > this.timeUs.length) this.#grow();
    this.#length = first + rows.length;
    const codes = new Map<number, number>();
    for (let place = 0; place < rows.length; place += 1) {
      const row = rows[place];
      const theirs = from.instrument[row];
      const code = codes.get(theirs) ?? this.codeOf(from.instruments[theirs]);
      codes.set(theirs, code);
      this.instrument[first + place] = code;
      this.values.set(from.values.subarray(row * signatureSize, (row + 1) * signatureSize), (first + place) * signatureSize);
    }
    for (const name of plainNames) gather(from[name], rows, { into: this[name], first });
    for (const [place, { id }] of this.horizons.entries()) {
      const theirs = from.outcomes(id);
      if (theirs === undefined) continue;
      const known = isKnown === undefined ? undefined : Uint8Array.from(rows, (row) => Number(isKnown(theirs.knownAtUs[row])));
      for (const name of outcomeNames) gather(theirs[name], rows, { into: this.#outcomes[place][name], first, known });
    }
  }

  #grow(): void {
    const room = Math.max(1, this.timeUs.length) * 2;
    this.instrument = copied(this.instrument, new Uint16Array(room));
    this.timeUs = copied(this.timeUs, new Float64Array(room));
    this.day = copied(this.day, new Int32Array(room));
    this.logVolatility = copied(this.logVolatility, new Float64Array(room));
    this.volumeRate = copied(this.volumeRate, new Float64Array(room));
    this.mask = copied(this.mask, new Uint32Array(room));
    this.values = copied(this.values, new Float32Array(room * signatureSize));
    this.regime = copied(this.regime, new Uint8Array(room));
    this.flags = copied(this.flags, new Uint8Array(room));
    this.#outcomes.forEach((columns, horizon) => (this.#outcomes[horizon] = grownOutcomes(columns, room)));
  }
}

/** Columns that are copied as they are. */
const plainNames = ['timeUs', 'day', 'logVolatility', 'volumeRate', 'mask', 'regime', 'flags'] as const;
const outcomeNames = ['logReturn', 'volatility', 'highestGain', 'deepestLoss', 'volume', 'knownAtUs', 'marks'] as const;

type NumberColumn = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

interface Gathered {
  readonly into: NumberColumn;
  readonly first: number;
  /** Places that are copied; all without it. */
  readonly known?: Uint8Array | undefined;
}

function gather(from: NumberColumn, rows: Int32Array, { into, first, known }: Gathered): void {
  for (let place = 0; place < rows.length; place += 1)
    if (known === undefined || known[place] === 1) into[first + place] = from[rows[place]];
}

function copied<Column extends NumberColumn>(from: Column, into: Column): Column {
  into.set(from);
  return into;
}

function emptyOutcomes(room: number): OutcomeColumns {
  const unknown = (): Float64Array<ArrayBuffer> => new Float64Array(room).fill(NaN);
  return {
    logReturn: unknown(),
    volatility: unknown(),
    highestGain: unknown(),
    deepestLoss: unknown(),
    volume: unknown(),
    knownAtUs: unknown(),
    marks: new Uint8Array(room),
  };
}

function grownOutcomes(columns: OutcomeColumns, room: number): OutcomeColumns {
  const grown = emptyOutcomes(room);
  for (const name of outcomeNames) grown[name].set(columns[name]);
  return grown;
}
