import { HindcastError } from '@hindcast/contracts';
import { Spacing } from '@hindcast/memory';
import type { VectorFilter, VectorMatch, SearchedRows, VectorStore } from '@hindcast/ports';
import { onUtcDay, type SpacingRule } from './spaced-search.js';

export interface TextQuestion {
  readonly vector: Float32Array;
  readonly filter: VectorFilter;
  /** Of every instrument; the filter's own leaves out one's. */
  readonly exclude: { readonly timeUs: number; readonly withinUs: number } | undefined;
  readonly k: number;
  readonly rule: SpacingRule;
  readonly search: 'auto' | 'exact';
}

export interface TextFound {
  readonly matches: readonly VectorMatch[];
  readonly facts: SearchedRows;
}

/** States are embedded once a minute: so many a neighbour leave enough of them apart, most of the time. */
const rowsPerNeighbour = 8;
/** So many times more when they did not. */
const growth = 4;
const rowsMax = 10_000;

/** The nearest stored sentences that are far enough apart, within the nearest `rowsMax`. MEMORY_EMPTY, MOMENTS_NONE. */
export async function searchTexts(vectors: Pick<VectorStore, 'search'>, question: TextQuestion): Promise<TextFound> {
  const { vector, filter, k, search } = question;
  for (let asked = k * rowsPerNeighbour; ; asked = Math.min(rowsMax, asked * growth)) {
    const { matches, ...facts } = await vectors.search({ vector, k: asked, filter, search });
    if (facts.rows === 0) throw new HindcastError('MEMORY_EMPTY');
    const apart = spaced(matches, question);
    if (apart.length === k || matches.length < asked || asked === rowsMax) {
      if (apart.length === 0) throw nothingLeft(facts);
      return { matches: apart, facts };
    }
  }
}

function nothingLeft({ rows }: SearchedRows): HindcastError {
  return new HindcastError(
    'MOMENTS_NONE',
    `None of ${rows} sentences is left: widen filter.symbols, filter.market, filter.from or filter.to, or ask with a later asOf or a shorter excludeWindow.`,
  );
}

function spaced(matches: readonly VectorMatch[], { exclude, k, rule }: TextQuestion): readonly VectorMatch[] {
  const spacing = new Spacing(rule);
  const isOutside = ({ timeUs }: VectorMatch): boolean => exclude === undefined || Math.abs(timeUs - exclude.timeUs) >= exclude.withinUs;
  return matches.filter((match) => isOutside(match) && spacing.take(onUtcDay(match))).slice(0, k);
}
