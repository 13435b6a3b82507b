import { hourUs, secondUs } from '@hindcast/contracts';
import { calendarOfMarket, type Instrument } from '@hindcast/market';
import type { TickStore } from '@hindcast/ports';

/** The longest return that a session's first seconds take from the session before, where nothing lies between the two. */
const carriedUs = 10 * secondUs;

export interface ContextOptions {
  readonly store: Pick<TickStore, 'trades'>;
  readonly signal: AbortSignal;
}

/**
 * From where an instrument's trades are needed for every bit of the moments of the session that opens at `firstUs`: the session
 * before it, whose volatility is part of the signature, and, where that one goes on from another without a rest, as much of the other as
 * holds the price that was carried over.
 */
export async function contextFromUs(instrument: Instrument, firstUs: number, { store, signal }: ContextOptions): Promise<number> {
  const calendar = calendarOfMarket(instrument.market);
  const { openUs } = calendar.sessionBefore(firstUs);
  const carried = calendar.sessionBefore(openUs);
  if (carried.closeUs !== openUs) return openUs;
  const before = calendar.sessionBefore(carried.openUs);
  for (const fromUs of [openUs - hourUs, carried.openUs]) {
    if (await hasTradedInTime({ ...instrument, fromUs, toUs: openUs - carriedUs, signal }, store)) return fromUs;
  }
  return before.closeUs === carried.openUs ? before.openUs : carried.openUs;
}

async function hasTradedInTime(range: Parameters<TickStore['trades']>[0], store: Pick<TickStore, 'trades'>): Promise<boolean> {
  for await (const { length, late } of store.trades(range, ['late'])) {
    if (late.subarray(0, length).includes(0)) return true;
  }
  return false;
}
