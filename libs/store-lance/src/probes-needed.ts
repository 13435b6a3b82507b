import type { FixedSizeList, Float32, Vector } from 'apache-arrow';
import type { Table } from '@lancedb/lancedb';
import type { VectorShape } from './search-plan.js';

const sampleRows = 32;
const neighbours = 10;
const recallMin = 0.99;
/** Above the last, looking twice and comparing costs no more than looking so widely at once. */
const ladder = [8, 16, 32];
/** Stored rows lie where the index was made for them; a new question may lie between. */
const margin = 2;

/**
 * How many partitions a question has to look into, measured on rows of the table: the fewest that find 0.99 of the ten
 * nearest that looking into all of them finds, twice over. Undefined where the data has no such clusters. Takes a second
 * at 100,000 rows, once for each index.
 */
export async function probesNeeded(table: Table, rows: number, { partitionsMax }: VectorShape): Promise<number | undefined> {
  const questions = await sampleOf(table, rows);
  const nearest: (readonly number[])[] = [];
  for (const vector of questions) nearest.push(await distancesTo(table, vector, partitionsMax));
  for (const nprobes of ladder) {
    let found = 0;
    for (const [at, vector] of questions.entries()) found += shared(nearest[at], await distancesTo(table, vector, nprobes));
    if (found >= recallMin * nearest.reduce((sum, { length }) => sum + length, 0)) return nprobes * margin;
  }
  return undefined;
}

/** Rows at even distances through the table. */
async function sampleOf(table: Table, rows: number): Promise<readonly Float32Array[]> {
  const offsets = Array.from({ length: sampleRows }, (_, index) => Math.floor(((index + 0.5) * rows) / sampleRows));
  const sample = await table.takeOffsets(offsets).select(['vector']).toArrow();
  const vectors = sample.getChild('vector') as Vector<FixedSizeList<Float32>>;
  return Array.from({ length: sample.numRows }, (_, index) => Float32Array.from(vectors.get(index)?.toArray() ?? []));
}

/** Nearest first; the row itself, which every search finds, is left out. */
async function distancesTo(table: Table, vector: Float32Array, nprobes: number): Promise<readonly number[]> {
  const query = table
    .vectorSearch(vector)
    .distanceType('l2')
    .nprobes(nprobes)
    .limit(neighbours + 1);
  const answer = await query.select(['_distance']).toArrow();
  const distances = answer.getChild('_distance')?.toArray() as Float32Array | undefined;
  return [...(distances ?? [])].sort((a, b) => a - b).slice(1);
}

/** Rows of one sentence are as good as each other, so distances are compared and not rows. */
function shared(nearest: readonly number[], found: readonly number[]): number {
  return nearest.filter((distance, place) => found[place] === distance).length;
}
