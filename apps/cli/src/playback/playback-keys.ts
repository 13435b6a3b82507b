import { isoFromUs, secondUs, usFromIso, type ReplayReport } from '@hindcast/contracts';

/** What a replay is asked for: the last part of a path, and a body. */
export interface Move {
  readonly move: 'pause' | 'resume' | 'step' | 'seek' | 'speed';
  readonly body?: object;
}

const seekSeconds = 60;
const speedMax = 1_000_000;
const slowest = 1 / 64;

/** Beside the time on one line of a terminal of 100 columns. */
export const keysHelp = 'space pause, n step, ←→ a minute, ↑↓ speed, q end';

/** What a key asks of a replay that stands like this; undefined for keys that mean nothing. */
export function moveOfKey(key: string, report: ReplayReport): Move | 'end' | undefined {
  switch (key) {
    case ' ':
      return { move: report.state === 'playing' ? 'pause' : 'resume' };
    case 'n':
      return { move: 'step', body: { states: 1 } };
    case '\u001b[D':
      return seekBy(-seekSeconds, report);
    case '\u001b[C':
      return seekBy(seekSeconds, report);
    case '\u001b[A':
      return fasterBy(2, report);
    case '\u001b[B':
      return fasterBy(0.5, report);
    case 'q':
      return 'end';
    default:
      return undefined;
  }
}

function seekBy(seconds: number, { position, from, to }: ReplayReport): Move {
  const [atUs = 0, fromUs = 0, toUs = 0] = [position, from, to].map((time) => usFromIso(time));
  const soughtUs = Math.min(Math.max(atUs + seconds * secondUs, fromUs), toUs);
  return { move: 'seek', body: { to: isoFromUs(soughtUs) } };
}

function fasterBy(times: number, { speed }: ReplayReport): Move | undefined {
  if (speed === 'max') return times > 1 ? undefined : { move: 'speed', body: { speed: speedMax } };
  return { move: 'speed', body: { speed: Math.min(Math.max(speed * times, slowest), speedMax) } };
}
