import type { VectorMatch } from '@hindcast/ports';
import type { Table } from '@lancedb/lancedb';
import { matchesFromBatch } from './market-state-embeddings.js';

/** Rows asked for beyond k, so that those as far away as the k-th are known and can be put in order. */
const tieRoom = 32;
/** More rows than this at one distance are the same sentence again and again: which of them come is then Lance's choice. */
const tieRowsMax = 4_096;
const matchColumns = ['symbol', 'timestamp', 'market', 'metadata', '_distance'];

export interface NearestQuery {
  readonly vector: Float32Array;
  readonly k: number;
  readonly where: string | undefined;
  /** Partitions to look into; null compares every row. */
  readonly nprobes: number | null;
}

/**
 * The k nearest rows, nearest first; among equally near ones the newest first, so that the same rows give the same
 * answer however they are laid out. States that read alike have the same vector, so ties are the rule.
 */
export async function nearestRows(table: Table, query: NearestQuery): Promise<readonly VectorMatch[]> {
  let limit = query.k + tieRoom;
  let found = await search(table, query, limit);
  while (found.length === limit && limit < tieRowsMax && found[limit - 1]?.distance === found[query.k - 1]?.distance) {
    limit = Math.min(limit * 4, tieRowsMax);
    found = await search(table, query, limit);
  }
  return [...found].sort(byDistanceThenNewest).slice(0, query.k);
}

/** Twice as many found 0.90 of the neighbours in data without clusters, where this finds all but a few. */
const widening = 4;

/**
 * Looks into four times as many partitions until that changes nothing. How many are enough depends on the data and the
 * filter (rows of a far-away symbol lie in far-away partitions), and this asks the data instead of guessing.
 */
export async function nearestRowsUntilStable(
  table: Table,
  query: NearestQuery & { readonly nprobes: number; readonly nprobesMax: number },
): Promise<{ readonly matches: readonly VectorMatch[]; readonly nprobes: number }> {
  let nprobes = Math.min(query.nprobes, query.nprobesMax);
  let matches = await nearestRows(table, { ...query, nprobes });
  while (nprobes < query.nprobesMax) {
    nprobes = Math.min(nprobes * widening, query.nprobesMax);
    const wider = await nearestRows(table, { ...query, nprobes });
    const isStable = wider.length === query.k && wider.every(({ distance }, index) => distance === matches[index]?.distance);
    matches = wider;
    if (isStable) break;
  }
  return { matches, nprobes };
}

async function search(table: Table, { vector, where, nprobes }: NearestQuery, limit: number): Promise<readonly VectorMatch[]> {
  let query = table.vectorSearch(vector).distanceType('l2').limit(limit).select(matchColumns);
  query = nprobes === null ? query.bypassVectorIndex() : query.nprobes(nprobes);
  if (where !== undefined) query = query.where(where);
  const { batches } = await query.toArrow();
  return batches.flatMap(matchesFromBatch);
}

function byDistanceThenNewest(a: VectorMatch, b: VectorMatch): number {
  return a.distance - b.distance || b.timeUs - a.timeUs || order(a.symbol, b.symbol) || order(a.market, b.market);
}

/** By code unit, as every other order in the product; localeCompare depends on the machine. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
