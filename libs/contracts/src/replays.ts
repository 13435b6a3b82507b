import type { PhysicsStateJson, PhysicsUpdate } from './states.js';

/** Replays: recorded states told once more, under a clock of their own, in a namespace of their own. */

/** `stepping` while a step is under way; `failed` until it is resumed or removed. */
export type ReplayState = 'playing' | 'paused' | 'stepping' | 'ended' | 'failed';

/** As many times as fast as it happened, or as fast as it goes. */
export type ReplaySpeed = number | 'max';

export interface ReplayReport {
  readonly id: string;
  readonly state: ReplayState;
  readonly symbols: readonly string[];
  /** Null where it plays every market of its symbols. */
  readonly market: string | null;
  /** `live` tells what was told then, `hindsight` what late trades have made of it. */
  readonly mode: 'live' | 'hindsight';
  /** States after it ... */
  readonly from: string;
  /** ... up to and including it, no further than was recorded when the replay began. */
  readonly to: string;
  /** The replay's own time. Everything before it has been told, nothing after it. */
  readonly position: string;
  readonly speed: ReplaySpeed;
  /** Counts the seeks: what is told of an earlier run holds no more. */
  readonly run: number;
  /** States told in this run. */
  readonly states: number;
  /** Trades in the bars of these states. */
  readonly trades: number;
  /** Event time that is left. */
  readonly remaining_seconds: number;
  /** Why it failed. */
  readonly error?: string;
}

/** The newest state of each instrument at a replay's position. */
export interface ReplayStates {
  readonly replay: string;
  readonly run: number;
  readonly position: string;
  readonly states: readonly PhysicsStateJson[];
}

/** A PHYSICS_UPDATE of a replay: the live one, and whose it is. */
export interface ReplayedUpdate extends PhysicsUpdate {
  readonly replay: string;
  readonly run: number;
}

/** What is told of the replay itself, on the same channel: whenever it is started, stopped, moved or removed. */
export interface ReplayChanged {
  readonly event: 'REPLAY_CHANGED';
  readonly replay: string;
  readonly run: number;
  readonly state: ReplayState | 'removed';
  readonly position: string;
  readonly speed: ReplaySpeed;
}

/** Of one replay: each instrument holds its window and two pieces of trades. */
export const replayedInstrumentsMax = 100;

/** Ids are a part of paths and of channels. */
export const replayIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** One for each replay, so that neither the live market nor another replay ever waits behind it. */
export function replayChannel(id: string): string {
  return `replay:${id}`;
}
