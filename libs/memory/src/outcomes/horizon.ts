import { HindcastError, minuteUs } from '@hindcast/contracts';

/** How far after a state its outcome is looked at. */
export type Horizon =
  | { readonly id: string; readonly kind: 'time'; readonly seconds: number }
  | { readonly id: string; readonly kind: 'endOfDay' }
  | { readonly id: string; readonly kind: 'nextDay' };

/** The longest horizon in time: an instrument's path is kept that far back. Days have their own two. */
export const horizonMinutesMax = 240;

const named: ReadonlyMap<string, Horizon> = new Map<string, Horizon>([
  ['end_of_day', { id: 'end_of_day', kind: 'endOfDay' }],
  ['next_day', { id: 'next_day', kind: 'nextDay' }],
]);

/** `5m`, `1h`, `end_of_day` (the session's close) or `next_day` (the same time of the next session). */
export function parseHorizon(id: string): Horizon {
  const horizon = named.get(id) ?? horizonInTime(id);
  if (horizon) return horizon;
  throw new HindcastError(
    'FIELD_INVALID',
    `horizon: ${JSON.stringify(id.slice(0, 40))} is none; allowed are whole minutes from 1m to ${horizonMinutesMax}m, 1h to ${horizonMinutesMax / 60}h, end_of_day and next_day.`,
  );
}

function horizonInTime(id: string): Horizon | undefined {
  const match = /^([1-9]\d{0,2})([mh])$/.exec(id);
  if (!match) return undefined;
  const minutes = Number(match[1]) * (match[2] === 'h' ? 60 : 1);
  return minutes <= horizonMinutesMax ? { id, kind: 'time', seconds: minutes * (minuteUs / 1_000_000) } : undefined;
}

/** `5 minutes`, as a sentence says it. */
export function horizonWords(horizon: Horizon): string {
  if (horizon.kind === 'endOfDay') return 'the rest of the day';
  if (horizon.kind === 'nextDay') return 'the next day';
  const [count, unit] = horizon.seconds % 3_600 === 0 ? [horizon.seconds / 3_600, 'hour'] : [horizon.seconds / 60, 'minute'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

export const defaultHorizons: readonly Horizon[] = ['1m', '5m', '15m', '30m', '1h', 'end_of_day', 'next_day'].map(parseHorizon);
