import { isoFromUs, type RecallFacts } from '@hindcast/contracts';
import type { Clock, VectorStore } from '@hindcast/ports';

export interface RecallMeterParts {
  readonly vectors: Pick<VectorStore, 'sample' | 'search' | 'stats'>;
  readonly clock: Clock;
}

/** Twenty questions at 100,000 rows are about two seconds of one core, and tell 0.95 from 0.99. */
const questionsMax = 20;
const k = 10;
/** A measurement ends early after so long, with the questions that it has. */
const measureMaxUs = 5_000_000;
/** A newer one is made only when somebody asks, and the table is another than the one that was measured. */
const keptUs = 600 * 1_000_000;
/** Distances are floats that two plans add up in different orders. */
const tolerance = 1e-4;

/**
 * How many of the true nearest neighbours the index finds: some of the table's own vectors are searched as anybody's
 * question is, and once more with every row compared. Neighbours are told apart by distance and not by key, because equal
 * sentences have equal vectors and either of two is right.
 */
export class RecallMeter {
  private last: { readonly facts: RecallFacts; readonly atUs: number; readonly version: number } | undefined;
  private measuring: Promise<void> | undefined;

  constructor(private readonly parts: RecallMeterParts) {}

  /** What was measured last; begins a new measurement in the background where that is old. */
  facts(): RecallFacts | null {
    const { clock } = this.parts;
    if (this.last === undefined || clock.nowUs() - this.last.atUs > keptUs) {
      // What keeps it from measuring, the section's other questions say.
      this.measuring ??= this.measure()
        .catch(() => undefined)
        .finally(() => (this.measuring = undefined));
    }
    return this.last?.facts ?? null;
  }

  /** Resolves when no measurement is under way. */
  async settled(): Promise<void> {
    await this.measuring;
  }

  private async measure(): Promise<void> {
    const { vectors, clock } = this.parts;
    const { index, version } = await vectors.stats();
    // Without an index every row is compared anyway.
    if (index === null) return;
    if (this.last?.version === version) {
      this.last = { ...this.last, atUs: clock.nowUs() };
      return;
    }
    const startedUs = clock.nowUs();
    let wanted = 0;
    let found = 0;
    let questions = 0;
    for (const vector of await vectors.sample(questionsMax)) {
      const question = { vector, k, filter: {} };
      const exact = await vectors.search({ ...question, search: 'exact' });
      const indexed = await vectors.search({ ...question, search: 'auto' });
      const farthest = (exact.matches.at(-1)?.distance ?? 0) + tolerance;
      wanted += exact.matches.length;
      found += Math.min(exact.matches.length, indexed.matches.filter(({ distance }) => distance <= farthest).length);
      questions += 1;
      if (clock.nowUs() - startedUs > measureMaxUs) break;
    }
    if (wanted === 0) return;
    const nowUs = clock.nowUs();
    const facts = {
      recall: found / wanted,
      k,
      questions,
      measured_at: isoFromUs(nowUs),
      elapsed_ms: Math.round((nowUs - startedUs) / 1_000),
    };
    this.last = { facts, atUs: nowUs, version };
  }
}
