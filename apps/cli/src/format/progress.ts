import { bar, duration, percent, whole } from './quantities.js';
import type { Terminal } from '../terminal.js';

export interface ProgressFacts {
  readonly rows: number;
  /** 0 to 1. */
  readonly part: number;
  readonly elapsedSeconds: number;
  /** What was done before this run, 0 to 1: it took no time of it. */
  readonly startPart?: number;
}

const redrawIntervalUs = 100_000;
const lineIntervalUs = 2_000_000;

export function progressLine({ rows, part, elapsedSeconds, startPart = 0 }: ProgressFacts): string {
  const rowsASecond = elapsedSeconds > 0 ? rows / elapsedSeconds : 0;
  const remaining = part > startPart ? (elapsedSeconds * (1 - part)) / (part - startPart) : Infinity;
  return `${whole(rows)} rows, ${whole(rowsASecond)} rows/s, ${percent(part)}, ${duration(remaining)} left`;
}

/** Shows progress as often as fits: a bar drawn over itself on a terminal, a line every two seconds elsewhere. */
export class ProgressDisplay {
  private shownAtUs: number;

  constructor(private readonly terminal: Terminal) {
    this.shownAtUs = terminal.clock.nowUs();
  }

  show(facts: ProgressFacts): void {
    const { redraw, clock, note } = this.terminal;
    const nowUs = clock.nowUs();
    if (nowUs - this.shownAtUs < (redraw ? redrawIntervalUs : lineIntervalUs)) return;
    this.shownAtUs = nowUs;
    if (redraw) redraw(`${bar(facts.part)} ${progressLine(facts)}`);
    else note(progressLine(facts));
  }

  /** The same for waiting, where the end is not known. */
  waiting(text: string): void {
    const { redraw, clock, note } = this.terminal;
    const nowUs = clock.nowUs();
    if (nowUs - this.shownAtUs < (redraw ? redrawIntervalUs : lineIntervalUs)) return;
    this.shownAtUs = nowUs;
    (redraw ?? note)(text);
  }
}
