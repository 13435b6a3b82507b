import type { SearchFacts } from '@hindcast/contracts';
import type { Clock, MomentStore } from '@hindcast/ports';

type Facts = Pick<SearchFacts, 'index_type' | 'recall'>;

/** Renewed this often at most: an index is rebuilt every few minutes, and asking a store about itself is a search's work. */
const keptUs = 10_000_000;
const memoriesMax = 100;

/** What a receipt says of a memory's index beyond the search itself. */
export class IndexFacts {
  readonly #kept = new Map<string, { readonly facts: Facts; readonly atUs: number }>();

  constructor(private readonly parts: { readonly moments: Pick<MomentStore, 'stats'>; readonly clock: Pick<Clock, 'nowUs'> }) {}

  /** Of no memory there is nothing to say. */
  async of(memory: string | null): Promise<Facts> {
    if (memory === null) return { index_type: null, recall: null };
    const { moments, clock } = this.parts;
    const kept = this.#kept.get(memory);
    if (kept && clock.nowUs() - kept.atUs < keptUs) return kept.facts;
    const { indexType, recall } = await moments.stats(memory);
    const facts = { index_type: indexType, recall };
    if (this.#kept.size >= memoriesMax) this.#kept.clear();
    this.#kept.set(memory, { facts, atUs: clock.nowUs() });
    return facts;
  }
}
