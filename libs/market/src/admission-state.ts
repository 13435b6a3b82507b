import { instrumentKey, type Instrument } from './instrument.js';
import { freshTickRule, type TickRule } from './tick-rule.js';

/** What admission keeps of an instrument; it is written to the log in the transaction of the batch that changed it. */
export interface InstrumentState extends Instrument {
  /** Every bar that ends at or before this time has closed; -1 before the first trade or mark. */
  readonly clockUs: number;
  readonly live: TickRule;
  /** Late trades infer their sides among themselves. */
  readonly late: TickRule;
}

export interface AdmissionState {
  readonly instruments: ReadonlyMap<string, InstrumentState>;
}

export const emptyAdmissionState: AdmissionState = { instruments: new Map() };

export function freshInstrument({ market, symbol }: Instrument): InstrumentState {
  return { market, symbol, clockUs: -1, live: freshTickRule, late: freshTickRule };
}

/** The state with these instruments in their new form; the state before stays what it was, so that a batch can be taken back. */
export function withInstruments(state: AdmissionState, changed: readonly InstrumentState[]): AdmissionState {
  if (changed.length === 0) return state;
  const instruments = new Map(state.instruments);
  for (const instrument of changed) instruments.set(instrumentKey(instrument), instrument);
  return { instruments };
}
