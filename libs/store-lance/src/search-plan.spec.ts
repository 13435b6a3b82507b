import {
  exactCandidatesMax,
  indexRowsMin,
  nprobesBase,
  nprobesUncheckedMax,
  partitionsFor,
  planSearch,
  planUpkeep,
  upkeepRowsMin,
  type VectorShape,
} from './search-plan.js';

const shape: VectorShape = { dimensions: 384, partitionsMax: 256 };
const { partitionsMax } = shape;
const facts = { rows: 100_000, candidates: 100_000, k: 5, hasIndex: true, search: 'auto' } as const;

describe('planSearch', () => {
  it.each([
    ['it is asked for', { ...facts, search: 'exact' as const }],
    ['there is no index', { ...facts, hasIndex: false }],
    ['the filter leaves few', { ...facts, candidates: exactCandidatesMax(shape) }],
  ])('compares every candidate where %s', (_, given) => {
    expect(planSearch(given, shape)).toEqual({ kind: 'exact' });
  });

  it('looks once, and into as many partitions as were measured to be enough', () => {
    expect(planSearch({ ...facts, probesNeeded: () => 16 }, shape)).toEqual({ kind: 'indexed', nprobes: 16, nprobesMax: 16 });
  });

  it('looks into one more for each partition that the filter may have emptied, and makes sure again where those are many', () => {
    const rowsPerPartition = facts.rows / partitionsMax;
    const hiding = (partitions: number) =>
      planSearch({ ...facts, candidates: facts.rows - partitions * rowsPerPartition, probesNeeded: () => 16 }, shape);
    expect(hiding(10)).toEqual({ kind: 'indexed', nprobes: 26, nprobesMax: 26 });
    expect(hiding(nprobesUncheckedMax)).toMatchObject({ kind: 'indexed', nprobesMax: partitionsMax });
  });

  it('looks for more neighbours where a filter hides some of them', () => {
    const asked: number[] = [];
    const probesNeeded = (neighbours: number): number => asked.push(neighbours);
    planSearch({ ...facts, candidates: 25_000, probesNeeded }, shape);
    planSearch({ ...facts, k: 1_200, probesNeeded }, shape);
    expect(asked).toEqual([20, 1_200]);
  });

  it('looks into more partitions as the filter narrows, and never into more than there are', () => {
    expect(planSearch(facts, shape)).toMatchObject({ kind: 'indexed', nprobes: nprobesBase, nprobesMax: partitionsMax });
    expect(planSearch({ ...facts, candidates: 50_000 }, shape)).toMatchObject({ nprobes: 2 * nprobesBase });
    expect(planSearch({ ...facts, candidates: exactCandidatesMax(shape) + 1 }, shape)).toMatchObject({ nprobes: partitionsMax });
  });
});

describe('partitionsFor', () => {
  it('is the square root of the rows, up to what 001 names', () => {
    expect([0, 10_000, 100_000, 10_000_000].map((rows) => partitionsFor(rows, shape))).toEqual([1, 100, partitionsMax, partitionsMax]);
  });
});

describe('planUpkeep', () => {
  const indexed = { rows: 100_000, rowsNotIndexed: 0, hasIndex: true, segments: 1, fragments: 1 };
  const young = { rows: 1_000, rowsNotIndexed: 1_000, hasIndex: false, segments: 0, fragments: 1 };

  it.each([
    ['nothing while the table is small', young, 'none'],
    ['putting small files together', { ...young, fragments: 500 }, 'compact'],
    ['the first index', { ...young, rows: indexRowsMin(shape) }, 'reindex'],
    ['nothing while the index holds nearly all', { ...indexed, rowsNotIndexed: 9_999 }, 'none'],
    ['a new index after a tenth has come', { ...indexed, rowsNotIndexed: 10_000 }, 'reindex'],
    ['a new index of a smaller table after 5,000 rows', { ...indexed, rows: 20_000, rowsNotIndexed: upkeepRowsMin(shape) }, 'reindex'],
    ['a new index where the old one is in pieces', { ...indexed, segments: 9 }, 'reindex'],
    ['a new index where many small files have come', { ...indexed, fragments: 500 }, 'reindex'],
  ] as const)('is %s', (_, given, due) => {
    expect(planUpkeep(given, shape)).toBe(due);
  });
});
