import { setTimeout as sleep } from 'node:timers/promises';

/** A reader asks for its next piece a moment after it has the one before. */
const quietMs = 50;
const waitMaxMs = 1_000;
const pollMs = 10;

/** Readings that somebody waits for go first, piece by piece; whoever reads behind them gets on all the same, a piece a second. */
export class ReadingTurns {
  #underWay = 0;
  #endedAtMs = -Infinity;

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  async first<T>(read: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await read();
    } finally {
      this.#underWay -= 1;
      this.#endedAtMs = this.nowMs();
    }
  }

  async behind<T>(read: () => Promise<T>): Promise<T> {
    const untilMs = this.nowMs() + waitMaxMs;
    while (this.#isRead && this.nowMs() < untilMs) await sleep(pollMs);
    return read();
  }

  get #isRead(): boolean {
    return this.#underWay > 0 || this.nowMs() - this.#endedAtMs < quietMs;
  }
}
