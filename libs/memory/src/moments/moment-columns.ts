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
  instrument = new Uint16Array(roomAtFirst);
  timeUs = new Float64Array(roomAtFirst);
  day = new Int32Array(roomAtFirst);
  logVolatility = new Float64Array(roomAtFirst);
  volumeRate = new Float64Array(roomAtFirst);
  mask = new Uint32Array(roomAtFirst);
  /** Raw components, `signatureSize` a row. */
  values = new Float32Array(roomAtFirst * signatureSize);
  /** `regimeCodes`. */
  regime = new Uint8Array(roomAtFirst);
  flags = new Uint8Array(roomAtFirst);
  readonly #outcomes: OutcomeColumns[];
  readonly #codes = new Map<string, number>();
  #length = 0;

  constructor(readonly horizons: readonly Horizon[]) {
    this.#outcomes = horizons.map(() => emptyOutcomes(roomAtFirst));
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
    const added = this.add(
      this.codeOf(from.instruments[from.instrument[row]]),
      {
        timeUs: from.timeUs[row],
        day: from.day[row],
        level: { logVolatility: from.logVolatility[row], volumeRate: from.volumeRate[row] },
        regime: regimeCodes[from.regime[row]],
        flags: from.flags[row],
      },
      (values, at) => {
        values.set(from.values.subarray(row * signatureSize, (row + 1) * signatureSize), at);
        return from.mask[row];
      },
    );
    for (const [place, { id }] of this.horizons.entries()) {
      const known = from.outcomes(id);
      if (known === undefined || !isKnown(known.knownAtUs[row])) continue;
      const mine = this.#outcomes[place];
      for (const name of outcomeNames) mine[name][added] = known[name][row];
    }
    return added;
  }

  #grow(): void {
    const room = this.timeUs.length * 2;
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

const outcomeNames = ['logReturn', 'volatility', 'highestGain', 'deepestLoss', 'volume', 'knownAtUs', 'marks'] as const;

function copied<Column extends Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array>(
  from: Column,
  into: Column,
): Column {
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
