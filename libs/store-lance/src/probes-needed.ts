import type { FixedSizeList, Float32, Vector } from 'apache-arrow';
import type { Table } from '@lancedb/lancedb';
import { partitionsFor, type VectorShape } from './search-plan.js';

const sampleRows = 32;
const recallMin = 0.99;
/** Neighbours that are looked for; a narrow filter makes few neighbours as hard to find as many without one. */
const ranks = [10, 100, 1_000] as const;
const ladder = [8, 16, 32, 64, 128, 256, 512];
/** Stored rows lie where the index was made for them; a new question may lie between. */
const margin = 2;
const tenNearest = 10;
/** An index adds up in another order than a scan. */
const rounding = 1e-5;

/** What was measured of an index. */
export interface MeasuredProbes {
  /** Partitions that hold so many nearest neighbours of a question; undefined where no number short of all was enough. */
  readonly needed: (neighbours: number) => number | undefined;
  /** Share of the ten nearest, by an exact search, that were found in so many partitions, or in all. */
  readonly recall: { readonly found: number; readonly of: number };
}

/**
 * How many partitions a question has to look into, measured on rows of the table: the fewest that find 0.99 of those that
 * looking into all of them finds, twice over. Takes a second at 100,000 rows, a few at a million, once for each index.
 */
export async function measureProbes(table: Table, rows: number, shape: VectorShape): Promise<MeasuredProbes> {
  const partitions = partitionsFor(rows, shape);
  const questions = await sampleOf(table, rows);
  const everywhere: Float32Array[] = [];
  for (const vector of questions) everywhere.push(await squaredDistances(table, vector, { nprobes: partitions }));
  const enough = new Map<number, number>();
  for (const nprobes of ladder.filter((rung) => rung < partitions)) {
    const found: Float32Array[] = [];
    for (const vector of questions) found.push(await squaredDistances(table, vector, { nprobes }));
    for (const rank of ranks) if (!enough.has(rank) && recallOf(found, everywhere, rank) >= recallMin) enough.set(rank, nprobes * margin);
    if (enough.size === ranks.length) break;
  }
  const needed = (neighbours: number): number | undefined => {
    const rank = ranks.find((measured) => neighbours <= measured);
    if (rank !== undefined) return enough.get(rank);
    const most = enough.get(ranks[ranks.length - 1]);
    return most === undefined ? undefined : Math.ceil((most * neighbours) / ranks[ranks.length - 1]);
  };
  return { needed, recall: await recallOfTen(table, questions, needed(tenNearest) ?? partitions) };
}

async function recallOfTen(table: Table, questions: readonly Float32Array[], nprobes: number): Promise<MeasuredProbes['recall']> {
  let found = 0;
  let of = 0;
  for (const vector of questions) {
    const indexed = await squaredDistances(table, vector, { nprobes, neighbours: tenNearest });
    const exact = await squaredDistances(table, vector, { nprobes: null, neighbours: tenNearest });
    found += foundAmong(indexed, exact, tenNearest);
    of += Math.min(tenNearest, exact.length);
  }
  return { found, of };
}

/** Rows at even distances through the table. */
async function sampleOf(table: Table, rows: number): Promise<readonly Float32Array[]> {
  const offsets = Array.from({ length: sampleRows }, (_, index) => Math.floor(((index + 0.5) * rows) / sampleRows));
  const sample = await table.takeOffsets(offsets).select(['vector']).toArrow();
  const vectors = sample.getChild('vector') as Vector<FixedSizeList<Float32>>;
  return Array.from({ length: sample.numRows }, (_, index) => Float32Array.from(vectors.get(index)?.toArray() ?? []));
}

/** Nearest first; the row itself, which every search finds, is left out. */
async function squaredDistances(
  table: Table,
  vector: Float32Array,
  { nprobes, neighbours = ranks[ranks.length - 1] }: { readonly nprobes: number | null; readonly neighbours?: number },
): Promise<Float32Array> {
  const query = table
    .vectorSearch(vector)
    .distanceType('l2')
    .limit(neighbours + 1);
  const narrowed = nprobes === null ? query.bypassVectorIndex() : query.nprobes(nprobes);
  const answer = await narrowed.select(['_distance']).toArrow();
  const distances = answer.getChild('_distance')?.toArray() as Float32Array | undefined;
  return (distances ?? new Float32Array()).slice(1);
}

function recallOf(found: readonly Float32Array[], nearest: readonly Float32Array[], rank: number): number {
  let [shared, all] = [0, 0];
  for (const [question, distances] of nearest.entries()) {
    shared += foundAmong(found[question], distances, rank);
    all += Math.min(rank, distances.length);
  }
  return all === 0 ? 1 : shared / all;
}

/** Of the `rank` nearest; rows of one distance are as good as each other, so distances are compared and not rows. */
export function foundAmong(found: ArrayLike<number>, nearest: ArrayLike<number>, rank: number): number {
  const places = Math.min(rank, nearest.length);
  if (places === 0) return 0;
  const farthest = nearest[places - 1] * (1 + rounding);
  let count = 0;
  while (count < places && found[count] <= farthest) count += 1;
  return count;
}
