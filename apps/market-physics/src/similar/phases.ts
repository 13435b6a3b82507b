import type { SimilarReceipt } from '@hindcast/contracts';
import type { Clock } from '@hindcast/ports';

type Phase = keyof SimilarReceipt['phases_ms'];

/** Where the time of an answer goes. */
export class Phases {
  readonly #spentUs: Record<Phase, number> = { question: 0, search: 0, outcomes: 0, paths: 0, forecast: 0 };
  readonly #startedUs: number;
  #lastUs: number;

  constructor(private readonly clock: Pick<Clock, 'nowUs'>) {
    this.#startedUs = this.#lastUs = clock.nowUs();
  }

  get startedUs(): number {
    return this.#startedUs;
  }

  /** Everything since the one before was spent on this. */
  ends(phase: Phase): void {
    const nowUs = this.clock.nowUs();
    this.#spentUs[phase] += nowUs - this.#lastUs;
    this.#lastUs = nowUs;
  }

  spent(): Pick<SimilarReceipt, 'elapsed_ms' | 'phases_ms'> {
    const { question, search, outcomes, paths, forecast } = this.#spentUs;
    const ms = (us: number): number => us / 1_000;
    return {
      elapsed_ms: ms(this.#lastUs - this.#startedUs),
      phases_ms: { question: ms(question), search: ms(search), outcomes: ms(outcomes), paths: ms(paths), forecast: ms(forecast) },
    };
  }
}
