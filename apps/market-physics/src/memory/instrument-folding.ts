import type { BestQuotes, Instrument, Session } from '@hindcast/market';
import { InstrumentMoments, MomentColumns, type Horizon, type SessionColumns } from '@hindcast/memory';
import { BarOrder, type StoredTrade, type TradePiece } from '../trades-by-bar.js';

export interface FoldingOptions {
  readonly instrument: Instrument;
  readonly stateIntervalMs: number;
  readonly horizons: readonly Horizon[];
  /** Sessions that opened before it are read for what the first wanted one needs; their moments are not kept. */
  readonly firstUs: number;
}

/** One instrument's stored trades on their way to moments, slice by slice, with the sessions that are still open or unsettled. */
export class InstrumentFolding {
  private readonly sessions: OpenSessions;
  private readonly moments: InstrumentMoments;
  private readonly order = new BarOrder();

  constructor({ instrument, stateIntervalMs, horizons, firstUs }: FoldingOptions) {
    this.sessions = new OpenSessions(horizons, firstUs);
    this.moments = new InstrumentMoments({ instrument, stateIntervalMs, columns: this.sessions });
  }

  /** What traded between the slice before and the next one is no part of any moment. */
  skipTo(statesAfterUs: number): void {
    this.moments.skipTo(statesAfterUs);
  }

  /** Best quotes of a slice: before its trades. */
  quotes(quotes: BestQuotes): void {
    this.moments.quotes(quotes);
  }

  trades(piece: TradePiece): void {
    this.fold(this.order.add(piece));
  }

  /** A slice ends: all that lies before `toUs` has been given. */
  through(toUs: number): void {
    this.fold(this.order.rest());
    this.moments.advance(toUs);
  }

  /** Trades that came late for what has been folded. */
  tradesLate(timesUs: readonly number[]): void {
    for (const timeUs of timesUs) this.moments.tradeLate(timeUs);
  }

  /** The sessions that opened before `beforeUs`, whole, a block of columns each; they are let go. */
  takeSessions(beforeUs: number): readonly MomentColumns[] {
    return this.sessions.take(beforeUs);
  }

  /** The rows that are new or have become known since the last call. Sessions that opened before `finalUs` are let go. */
  takeChanges(finalUs: number): MomentColumns {
    return this.sessions.changes(finalUs);
  }

  private fold(trades: readonly StoredTrade[]): void {
    for (const trade of trades) this.moments.fold(trade);
  }
}

interface OpenSession {
  readonly openUs: number;
  readonly columns: MomentColumns;
  /** By row: 1 where it is new or more of it is known. */
  changed: Uint8Array;
}

class OpenSessions implements SessionColumns {
  private open: OpenSession[] = [];

  constructor(
    readonly horizons: readonly Horizon[],
    private readonly firstUs: number,
  ) {}

  columnsOf({ openUs }: Session): MomentColumns {
    const columns = new MomentColumns(this.horizons);
    if (openUs >= this.firstUs) this.open.push({ openUs, columns, changed: new Uint8Array(columns.timeUs.length) });
    return columns;
  }

  changed(columns: MomentColumns, row: number): void {
    for (const session of this.open) {
      if (session.columns !== columns) continue;
      if (row >= session.changed.length) session.changed = grown(session.changed, columns.timeUs.length);
      session.changed[row] = 1;
    }
  }

  take(beforeUs: number): readonly MomentColumns[] {
    return this.release(beforeUs).map(({ columns }) => columns);
  }

  changes(finalUs: number): MomentColumns {
    const changes = new MomentColumns(this.horizons);
    for (const { columns, changed } of this.open) {
      const rows = Int32Array.from({ length: columns.length }, (_, row) => row).filter((row) => changed[row] === 1);
      changes.addRows(columns, rows);
      changed.fill(0);
    }
    this.release(finalUs);
    return changes;
  }

  private release(beforeUs: number): readonly OpenSession[] {
    const released = this.open.filter(({ openUs }) => openUs < beforeUs);
    this.open = this.open.filter(({ openUs }) => openUs >= beforeUs);
    return released;
  }
}

function grown(marks: Uint8Array, length: number): Uint8Array {
  const longer = new Uint8Array(length);
  longer.set(marks);
  return longer;
}
