import type { Regime } from '@hindcast/contracts';
import type { Instrument } from '@hindcast/market';

/** The state of one instrument at the end of a bar. See `docs/DESIGN.md` for every formula and its source. */
export interface PhysicsState extends Instrument {
  /** The end of the newest bar in the window, microseconds since the epoch. */
  readonly timeUs: number;
  readonly mass: number;
  readonly velocity: number;
  readonly momentum: number;
  readonly friction: number;
  readonly entropy: number;
  readonly nashDistance: number;
  /** Null while `regime` is `WAIT`. */
  readonly alphaCoefficient: number | null;
  readonly regime: Regime;
  /** VWAP of the newest bar with trades. */
  readonly price: number;
  /** Sums over the window. */
  readonly volume: number;
  readonly signedVolume: number;
  readonly trades: number;
}

/** `live` folds trades that came in time; `hindsight` folds all. */
export type StateMode = 'live' | 'hindsight';
