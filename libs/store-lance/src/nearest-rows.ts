import type { Table } from '@lancedb/lancedb';
import type { RecordBatch, Table as ArrowTable } from 'apache-arrow';

/** Rows asked for beyond k, so that those as far away as the k-th are known and can be put in order. */
const tieRoom = 32;
/** More rows than this at one distance are the same thing again and again: which of them come is then Lance's choice. */
const tieRowsMax = 4_096;
/** Lance sums squares in single precision: rows nearer to each other than this may come in either order. */
const rounding = 1e-5;

/** Rows of an answer, nearest first. */
export interface RowsFound {
  readonly distances: ArrayLike<number>;
}

/** Makes what a store answers with of what Lance answers with. */
export interface AnswerReader<Found extends RowsFound> {
  readonly columns: readonly string[];
  /** The k nearest of the rows, in an order that does not depend on how they are laid out. */
  read(batches: readonly RecordBatch[], k: number): Found;
}

export interface NearestQuery<Found extends RowsFound> {
  readonly vector: Float32Array;
  readonly k: number;
  readonly where: string | undefined;
  /** Partitions to look into; null compares every row. */
  readonly nprobes: number | null;
  readonly reader: AnswerReader<Found>;
}

/** The k nearest rows and all that are as near as the k-th, in the order that `reader` puts them in. */
export async function nearestRows<Found extends RowsFound>(table: Table, query: NearestQuery<Found>): Promise<Found> {
  return (await nearestWithDistances(table, query)).found;
}

async function nearestWithDistances<Found extends RowsFound>(
  table: Table,
  query: NearestQuery<Found>,
): Promise<{ readonly found: Found; readonly squared: Float32Array }> {
  const { k, reader } = query;
  const tiesMax = Math.max(tieRowsMax, k + tieRoom);
  const columns = [...reader.columns, '_distance'];
  let limit = k + tieRoom;
  let answer = await search(table, query, { limit, columns });
  while (answer.numRows === limit && limit < tiesMax && isTie(answer, { first: k - 1, last: limit - 1 })) {
    limit = Math.min(limit * 4, tiesMax);
    answer = await search(table, query, { limit, columns });
  }
  return { found: reader.read(answer.batches, k), squared: squaredOf(answer).slice(0, k) };
}

/** Twice as many found 0.90 of the neighbours in data without clusters, where this finds all but a few. */
const widening = 4;

/**
 * Looks into four times as many partitions until that changes nothing. How many are enough depends on the data and the
 * filter (rows of a far-away symbol lie in far-away partitions), and this asks the data instead of guessing. The first look
 * is for distances alone: what else an answer tells is read once it is likely to be told.
 */
export async function nearestRowsUntilStable<Found extends RowsFound>(
  table: Table,
  query: NearestQuery<Found> & { readonly nprobes: number; readonly nprobesMax: number },
): Promise<{ readonly found: Found; readonly nprobes: number }> {
  const { k, nprobesMax } = query;
  let nprobes = Math.min(query.nprobes, nprobesMax);
  if (nprobes === nprobesMax) return { found: await nearestRows(table, { ...query, nprobes }), nprobes };
  let before = squaredOf(await search(table, { ...query, nprobes }, { limit: k, columns: ['_distance'] }));
  for (;;) {
    nprobes = Math.min(nprobes * widening, nprobesMax);
    const { found, squared } = await nearestWithDistances(table, { ...query, nprobes });
    if (nprobes === nprobesMax || isSame(before, squared, k)) return { found, nprobes };
    before = squared;
  }
}

function isSame(before: Float32Array, after: Float32Array, k: number): boolean {
  return before.length === k && after.length === k && before.every((squared, place) => squared === after[place]);
}

function isTie(answer: ArrowTable, { first, last }: { readonly first: number; readonly last: number }): boolean {
  const squared = squaredOf(answer);
  return squared[last] <= squared[first] * (1 + rounding);
}

/** Lance answers L2 with the squared distance, nearest first. */
function squaredOf(answer: ArrowTable): Float32Array {
  return (answer.getChild('_distance')?.toArray() as Float32Array | undefined) ?? new Float32Array();
}

function search<Found extends RowsFound>(
  table: Table,
  { vector, where, nprobes }: NearestQuery<Found>,
  { limit, columns }: { readonly limit: number; readonly columns: string[] },
): Promise<ArrowTable> {
  let query = table.vectorSearch(vector).distanceType('l2').limit(limit).select(columns);
  query = nprobes === null ? query.bypassVectorIndex() : query.nprobes(nprobes);
  if (where !== undefined) query = query.where(where);
  return query.toArrow();
}
