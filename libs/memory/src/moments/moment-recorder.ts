import { hourUs, secondUs } from '@hindcast/contracts';
import { dayNumberOf, type BestQuotes, type Instrument, type SecondBar, type Session, type TradingCalendar } from '@hindcast/market';
import type { PhysicsState } from '@hindcast/physics';
import type { Horizon } from '../outcomes/horizon.js';
import { OutcomeFold } from '../outcomes/outcome-fold.js';
import type { Outcome } from '../outcomes/outcome.js';
import { SessionSeconds, type SecondsFold, type SessionBeginning } from '../signature/session-seconds.js';
import { SignatureFold, type SignatureExtras } from '../signature/signature-fold.js';
import { StandingQuotes } from '../signature/standing-quotes.js';
import { MomentColumns, momentFlags } from './moment-columns.js';
import { TickQuality } from './tick-quality.js';

/** Beyond the bars: what a signature takes. */
export interface MomentExtras extends SignatureExtras {
  readonly state?: SignatureExtras['state'] & Pick<PhysicsState, 'regime'>;
}

/** Columns of their own for each session, so that a session can leave when nothing of it is open any more. */
export interface SessionColumns {
  readonly horizons: readonly Horizon[];
  columnsOf(session: Session): MomentColumns;
  /** A row came, or something of it became known. */
  changed(columns: MomentColumns, row: number): void;
}

export interface RecorderOptions {
  readonly instrument: Instrument;
  readonly calendar: TradingCalendar;
  /** Moments lie on the epoch's grid of this step, whole seconds. */
  readonly stateIntervalMs: number;
  readonly columns: MomentColumns | SessionColumns;
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
  readonly #quality = new TickQuality();
  readonly #quotes: StandingQuotes;
  readonly #rows: RowsOfInstrument;

  constructor({ instrument, calendar, stateIntervalMs, columns, extrasAt }: RecorderOptions) {
    if (!(Number.isInteger(stateIntervalMs / 1_000) && stateIntervalMs > 0)) {
      throw new RangeError(`stateIntervalMs is ${stateIntervalMs}; allowed are whole seconds above 0`);
    }
    const signature = new SignatureFold();
    const into = columns instanceof MomentColumns ? oneForAll(columns) : columns;
    const rows = new RowsOfInstrument(into, instrument, {
      signature,
      quality: this.#quality,
      stepUs: stateIntervalMs * 1_000,
      extrasAt,
    });
    const outcomes = new OutcomeFold(calendar, (outcome) => rows.know(outcome), { horizons: into.horizons, stateIntervalMs });
    this.#rows = rows;
    this.#quotes = new StandingQuotes(signature);
    this.#seconds = new SessionSeconds(calendar, this.#quotes, signature, this.#quality, rows, outcomes);
  }

  /** Best quotes of seconds that have not been passed yet, in time order: they come before the bars of their seconds. */
  quotes(quotes: BestQuotes): void {
    this.#quotes.add(quotes);
  }

  /** A closed bar with trades, in time order. */
  append(bar: SecondBar): void {
    this.#seconds.append(bar);
  }

  /** Nothing before `untilUs` will come. */
  advance(untilUs: number): void {
    this.#seconds.advance(untilUs);
    this.#quotes.passTo(untilUs);
  }

  /** Volume of the bar that is appended next whose side was inferred. */
  inferSides(volume: number): void {
    this.#quality.inferSides(volume);
  }

  /** A trade of the second that ends then came late, and is part of it all the same. */
  tradeInHindsight(endUs: number): void {
    this.#quality.tradeInHindsight(endUs);
  }

  /** A late trade in a second, which may have passed: rows of the hour after it say so. */
  tradeLate(endUs: number): void {
    this.#quality.tradeLate(endUs);
    this.#rows.tradeLate(endUs);
  }
}

function oneForAll(columns: MomentColumns): SessionColumns {
  return { horizons: columns.horizons, columnsOf: () => columns, changed: () => undefined };
}

interface RowSource {
  readonly signature: SignatureFold;
  readonly quality: TickQuality;
  readonly stepUs: number;
  readonly extrasAt: RecorderOptions['extrasAt'];
}

/** The rows of a session by time. */
interface SessionRows {
  readonly columns: MomentColumns;
  readonly code: number;
  readonly day: number;
  /** Of the first second of the stretch without a rest that the session belongs to. */
  beginUs: number;
  readonly openUs: number;
  /** By step of the grid since the session opened, -1 where there is none: a map of times costs a tenth of a build at a second's interval. */
  readonly rowOf: Int32Array;
}

/** Reads a row off the signature at every step of the grid, and remembers where the last two sessions' rows stand. */
class RowsOfInstrument implements SecondsFold {
  #now: SessionRows | undefined;
  #before: SessionRows | undefined;

  constructor(
    private readonly into: SessionColumns,
    private readonly instrument: Instrument,
    private readonly source: RowSource,
  ) {}

  openSession(session: Session, { follows }: SessionBeginning): void {
    const columns = this.into.columnsOf(session);
    this.#before = this.#now;
    const beginUs = follows ? (this.#before?.beginUs ?? NaN) : NaN;
    const { day, openUs, closeUs } = session;
    const rowOf = new Int32Array(Math.ceil((closeUs - openUs) / this.source.stepUs) + 1).fill(-1);
    this.#now = { columns, code: columns.codeOf(this.instrument), day: dayNumberOf(day), beginUs, openUs, rowOf };
  }

  second({ endUs }: { readonly endUs: number }): void {
    const now = this.#now;
    if (!now) return;
    if (Number.isNaN(now.beginUs)) now.beginUs = endUs - secondUs;
    const { signature, quality, stepUs, extrasAt } = this.source;
    if (endUs % stepUs !== 0 || !signature.isReady) return;
    const extras = extrasAt?.(endUs);
    const moment = { timeUs: endUs, day: now.day, level: signature.level(), regime: extras?.state?.regime, flags: quality.flags() };
    const row = now.columns.add(now.code, moment, (values, at) => signature.read(values, at, extras));
    now.rowOf[this.#stepOf(now, endUs)] = row;
    this.into.changed(now.columns, row);
  }

  closeSession(): void {
    // Rows are found until the session after the next one opens.
  }

  know(outcome: Outcome): void {
    const rows = this.#now && outcome.stateUs > this.#now.openUs ? this.#now : this.#before;
    const row = rows?.rowOf[this.#stepOf(rows, outcome.stateUs)] ?? -1;
    if (rows === undefined || row < 0) return;
    rows.columns.setOutcome(row, outcome);
    this.into.changed(rows.columns, row);
  }

  tradeLate(lateUs: number): void {
    const { stepUs } = this.source;
    for (const rows of [this.#now, this.#before]) {
      if (rows === undefined || lateUs <= rows.beginUs) continue;
      const { columns } = rows;
      for (let timeUs = Math.ceil(lateUs / stepUs) * stepUs; timeUs < lateUs + hourUs; timeUs += stepUs) {
        const row = rows.rowOf[this.#stepOf(rows, timeUs)] ?? -1;
        if (row < 0 || (columns.flags[row] & momentFlags.lateTrades) !== 0) continue;
        columns.flags[row] |= momentFlags.lateTrades;
        this.into.changed(columns, row);
      }
    }
  }

  #stepOf({ openUs }: SessionRows, timeUs: number): number {
    return Math.floor((timeUs - openUs) / this.source.stepUs);
  }
}
