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

export interface Moment {
  readonly timeUs: number;
  /** Days since the epoch of the session's day. */
  readonly day: number;
  readonly level: InstrumentLevel;
  readonly mask: number;
}

/** Moments with raw signatures and outcomes, as columns in memory: 200 bytes of signature a row, 49 an outcome. */
export class MomentColumns {
  readonly instruments: Instrument[] = [];
  instrument = new Uint16Array(roomAtFirst);
  timeUs = new Float64Array(roomAtFirst);
  day = new Int32Array(roomAtFirst);
  logVolatility = new Float64Array(roomAtFirst);
  volumeRate = new Float64Array(roomAtFirst);
  mask = new Uint32Array(roomAtFirst);
  /** Raw components, `signatureSize` a row. */
  values = new Float64Array(roomAtFirst * signatureSize);
  readonly #outcomes: OutcomeColumns[];
  readonly #codes = new Map<string, number>();
  #length = 0;

  constructor(readonly horizons: readonly Horizon[]) {
    this.#outcomes = horizons.map(() => emptyOutcomes(roomAtFirst));
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
  add(code: number, moment: Omit<Moment, 'mask'>, write: (values: Float64Array, at: number) => number): number {
    const row = this.#length;
    if (row === this.timeUs.length) this.#grow();
    this.#length = row + 1;
    this.instrument[row] = code;
    this.timeUs[row] = moment.timeUs;
    this.day[row] = moment.day;
    this.logVolatility[row] = moment.level.logVolatility;
    this.volumeRate[row] = moment.level.volumeRate;
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

  #grow(): void {
    const room = this.timeUs.length * 2;
    this.instrument = copied(this.instrument, new Uint16Array(room));
    this.timeUs = copied(this.timeUs, new Float64Array(room));
    this.day = copied(this.day, new Int32Array(room));
    this.logVolatility = copied(this.logVolatility, new Float64Array(room));
    this.volumeRate = copied(this.volumeRate, new Float64Array(room));
    this.mask = copied(this.mask, new Uint32Array(room));
    this.values = copied(this.values, new Float64Array(room * signatureSize));
    this.#outcomes.forEach((columns, horizon) => (this.#outcomes[horizon] = grownOutcomes(columns, room)));
  }
}

function copied<Column extends Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array>(from: Column, into: Column): Column {
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
  grown.logReturn.set(columns.logReturn);
  grown.volatility.set(columns.volatility);
  grown.highestGain.set(columns.highestGain);
  grown.deepestLoss.set(columns.deepestLoss);
  grown.volume.set(columns.volume);
  grown.knownAtUs.set(columns.knownAtUs);
  grown.marks.set(columns.marks);
  return grown;
}
