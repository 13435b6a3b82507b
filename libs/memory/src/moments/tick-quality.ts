import { hourUs, secondUs } from '@hindcast/contracts';
import { hourBars, type Session } from '@hindcast/market';
import { gapSeconds } from '../outcomes/outcome-fold.js';
import { HourSums } from '../signature/hour-sums.js';
import type { SecondsFold, SessionBeginning, TradedSecond } from '../signature/session-seconds.js';
import { momentFlags } from './moment-columns.js';

/** What is to be known of the last hour's ticks before a moment is trusted, second by second. */
export class TickQuality implements SecondsFold {
  readonly #volume = new HourSums();
  readonly #inferredVolume = new HourSums();
  #inferred = 0;
  #index = -1;
  #beginUs = -Infinity;
  #endUs = -Infinity;
  #silence = 0;
  #silentUs = -Infinity;
  #lateUs = -Infinity;
  #hindsightUs = -Infinity;

  /** Volume of the second that is folded next whose side the tick rule gave. */
  inferSides(volume: number): void {
    this.#inferred = volume;
  }

  /** A late trade in the second that ends then, whether that has been folded or not. */
  tradeLate(endUs: number): void {
    this.#lateUs = Math.max(this.#lateUs, endUs);
  }

  /** A late trade that counts in the second that ends then. */
  tradeInHindsight(endUs: number): void {
    this.#hindsightUs = Math.max(this.#hindsightUs, endUs);
  }

  openSession(_session: Session, { follows }: SessionBeginning): void {
    if (follows) return;
    this.#index = -1;
    this.#silence = 0;
    this.#silentUs = -Infinity;
    this.#volume.clear();
    this.#inferredVolume.clear();
  }

  second({ endUs, volume, trades }: TradedSecond): void {
    this.#index += 1;
    this.#endUs = endUs;
    if (this.#index === 0) this.#beginUs = endUs - secondUs;
    const place = { index: this.#index, beginsHour: (endUs - secondUs) % hourUs === 0 && this.#index > 0 };
    this.#volume.push(volume, place);
    this.#inferredVolume.push(trades > 0 ? this.#inferred : 0, place);
    this.#silence = trades > 0 ? 0 : this.#silence + 1;
    if (this.#silence >= gapSeconds) this.#silentUs = endUs;
  }

  closeSession(): void {
    // The hour goes on where the market does.
  }

  /** `momentFlags` at the newest second. */
  flags(): number {
    const fromUs = this.#endUs - hourUs;
    const isInHour = (timeUs: number): boolean => timeUs > Math.max(fromUs, this.#beginUs) && timeUs <= this.#endUs;
    const inferred = this.#inferredVolume.last(hourBars, this.#index);
    return (
      (isInHour(this.#lateUs) ? momentFlags.lateTrades : 0) |
      (isInHour(this.#hindsightUs) ? momentFlags.hindsight : 0) |
      (inferred * 2 > this.#volume.last(hourBars, this.#index) ? momentFlags.inferredSides : 0) |
      (this.#silentUs > fromUs ? momentFlags.silence : 0) |
      (this.#index + 1 < hourBars ? momentFlags.shortHour : 0)
    );
  }
}
