import { dayNumberOf, type Instrument, type SecondBar, type Session, type TradingCalendar } from '@hindcast/market';
import type { PhysicsState } from '@hindcast/physics';
import { OutcomeFold } from '../outcomes/outcome-fold.js';
import { SessionSeconds, type SecondsFold } from '../signature/session-seconds.js';
import { SignatureFold, type SignatureExtras } from '../signature/signature-fold.js';
import type { MomentColumns } from './moment-columns.js';

/** Beyond the bars: what a signature takes, and what is told of the ticks behind it. */
export interface MomentExtras extends SignatureExtras {
  readonly state?: SignatureExtras['state'] & Pick<PhysicsState, 'regime'>;
  /** `momentFlags`. */
  readonly flags?: number;
}

export interface RecorderOptions {
  readonly instrument: Instrument;
  readonly calendar: TradingCalendar;
  /** Moments lie on the epoch's grid of this step, whole seconds. */
  readonly stateIntervalMs: number;
  readonly columns: MomentColumns;
  /** What is known beyond the bars at the end of a second. */
  readonly extrasAt?: (timeUs: number) => MomentExtras | undefined;
}

/**
 * One instrument's bars as moments with signatures, and with outcomes as they become known. Bars of a session make the same
 * rows, bit for bit, whatever came before it, where the market rests between sessions; only `volatility_yesterday` looks further
 * back, to the session before.
 */
export class MomentRecorder {
  readonly #seconds: SessionSeconds;

  constructor({ instrument, calendar, stateIntervalMs, columns, extrasAt }: RecorderOptions) {
    if (!(Number.isInteger(stateIntervalMs / 1_000) && stateIntervalMs > 0)) {
      throw new RangeError(`stateIntervalMs is ${stateIntervalMs}; allowed are whole seconds above 0`);
    }
    const signature = new SignatureFold();
    const rows = new RowsOfInstrument(columns, instrument, { signature, stepUs: stateIntervalMs * 1_000, extrasAt });
    const outcomes = new OutcomeFold(calendar, (outcome) => rows.know(outcome.stateUs, (row) => columns.setOutcome(row, outcome)), {
      horizons: columns.horizons,
      stateIntervalMs,
    });
    this.#seconds = new SessionSeconds(calendar, signature, rows, outcomes);
  }

  /** A closed bar with trades, in time order. */
  append(bar: SecondBar): void {
    this.#seconds.append(bar);
  }

  /** Nothing before `untilUs` will come. */
  advance(untilUs: number): void {
    this.#seconds.advance(untilUs);
  }
}

interface RowSource {
  readonly signature: SignatureFold;
  readonly stepUs: number;
  readonly extrasAt: RecorderOptions['extrasAt'];
}

/** Reads a row off the signature at every step of the grid, and remembers where the last two sessions' rows stand. */
class RowsOfInstrument implements SecondsFold {
  readonly #code: number;
  #day = 0;
  #rowOf = new Map<number, number>();
  #rowOfBefore = new Map<number, number>();

  constructor(
    private readonly columns: MomentColumns,
    instrument: Instrument,
    private readonly source: RowSource,
  ) {
    this.#code = columns.codeOf(instrument);
  }

  openSession(session: Session): void {
    this.#day = dayNumberOf(session.day);
    this.#rowOfBefore = this.#rowOf;
    this.#rowOf = new Map();
  }

  second({ endUs }: { readonly endUs: number }): void {
    const { signature, stepUs, extrasAt } = this.source;
    if (endUs % stepUs !== 0 || !signature.isReady) return;
    const extras = extrasAt?.(endUs);
    const moment = { timeUs: endUs, day: this.#day, level: signature.level(), regime: extras?.state?.regime, flags: extras?.flags };
    const row = this.columns.add(this.#code, moment, (values, at) => signature.read(values, at, extras));
    this.#rowOf.set(endUs, row);
  }

  closeSession(): void {
    // Rows are found until the session after the next one opens.
  }

  know(stateUs: number, tell: (row: number) => void): void {
    const row = this.#rowOf.get(stateUs) ?? this.#rowOfBefore.get(stateUs);
    if (row !== undefined) tell(row);
  }
}
