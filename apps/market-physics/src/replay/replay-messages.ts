import { usFromIso, type ReplayReport, type ReplayStates } from '@hindcast/contracts';
import { givenList, givenText, isoOfField, present } from '@hindcast/service-kit';
import { stateMessage } from '../physics-messages.js';

/** Messages of replays.proto, to and from what the HTTP doors speak. */

export interface ReplayMessage {
  readonly id: string;
}

export interface StartReplayMessage {
  readonly symbols: readonly string[];
  readonly fromUs?: number;
  readonly toUs?: number;
  readonly market: string;
  readonly mode: string;
  readonly speed: string;
  readonly paused: boolean;
  readonly name: string;
}

export interface StepReplayMessage extends ReplayMessage {
  readonly states?: number;
  readonly trades?: number;
  readonly seconds?: number;
}

export interface SeekReplayMessage extends ReplayMessage {
  readonly toUs?: number;
}

export interface ReplaySpeedMessage extends ReplayMessage {
  readonly speed: string;
}

export interface ReplayStatesMessage extends ReplayMessage {
  readonly symbols: readonly string[];
}

/** The body that `POST /v1/replays` takes. */
export function startBody({ symbols, fromUs, toUs, market, mode, speed, paused, name }: StartReplayMessage): object {
  return present({
    symbols: givenList(symbols),
    from: isoOfField('from_us', fromUs),
    to: isoOfField('to_us', toUs),
    market: givenText(market),
    mode: givenText(mode),
    speed: speedOf(speed),
    paused,
    name: givenText(name),
  });
}

/** The body that `POST /v1/replays/{id}/step` takes. */
export function stepBody({ states, trades, seconds }: StepReplayMessage): object {
  return present({ states, trades, seconds });
}

/** The body that `POST /v1/replays/{id}/seek` takes. */
export function seekBody({ toUs }: SeekReplayMessage): object {
  return present({ to: isoOfField('to_us', toUs) });
}

/** The body that `POST /v1/replays/{id}/speed` takes. */
export function speedBody({ speed }: ReplaySpeedMessage): object {
  return present({ speed: speedOf(speed) });
}

/** A number where it is one: what else it may be, the parser of the HTTP twin says. */
function speedOf(text: string): number | string | undefined {
  return text.trim() === '' || Number.isNaN(Number(text)) ? givenText(text) : Number(text);
}

export function replayMessage({ from, to, position, speed, market, remaining_seconds, error, ...same }: ReplayReport): object {
  return {
    ...same,
    ...present({ market: market ?? undefined, error }),
    fromUs: usFromIso(from),
    toUs: usFromIso(to),
    positionUs: usFromIso(position),
    speed: String(speed),
    remainingSeconds: remaining_seconds,
  };
}

export function replayStatesMessage({ position, states, ...same }: ReplayStates): object {
  return { ...same, positionUs: usFromIso(position), states: states.map(stateMessage) };
}
