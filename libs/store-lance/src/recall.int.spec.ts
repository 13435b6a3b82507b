/** @jest-environment-options {"customExportConditions": ["@hindcast/source", "node"]} */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hourUs, minuteUs } from '@hindcast/contracts';
import type { EmbeddingRow, VectorFilter, VectorSearchResult } from '@hindcast/ports';
import { clusteredRows, seededRandom } from '@hindcast/testing';
import { LanceVectorStore } from './lance-vector-store.js';

const k = 5;
const questions = 6;
const recallMin = 0.95;
const writtenAtOnce = 50_000;
const symbols = Array.from({ length: 20 }, (_, index) => `SYM${index}`);
const seed = 20131009;

/** The rows and the store that holds them. */
interface Memory {
  readonly rows: readonly EmbeddingRow[];
  readonly store: LanceVectorStore;
  readonly remove: () => Promise<void>;
}

interface Case {
  readonly what: string;
  readonly filter: (asked: EmbeddingRow, rows: readonly EmbeddingRow[]) => VectorFilter;
}

const cases: readonly Case[] = [
  { what: 'no filter', filter: () => ({}) },
  { what: 'a filter that all rows pass', filter: ({ modelId, templateId }) => ({ modelId, templateId }) },
  { what: 'the own symbol', filter: ({ symbol }) => ({ symbols: [symbol] }) },
  { what: 'another symbol, whose rows all lie elsewhere', filter: ({ symbol }) => ({ symbols: [otherSymbol(symbol)] }) },
  { what: 'all symbols but the own', filter: ({ symbol }) => ({ symbols: symbols.filter((other) => other !== symbol) }) },
  { what: 'what was known at a time', filter: (_, rows) => ({ asOfUs: timeAt(rows, 0.4) }) },
  {
    what: 'a tenth of the time, another symbol',
    filter: ({ symbol }, rows) => ({ symbols: [otherSymbol(symbol)], fromUs: timeAt(rows, 0.5), toUs: timeAt(rows, 0.6) }),
  },
  { what: 'a few days', filter: (_, rows) => ({ fromUs: timeAt(rows, 0.5), toUs: timeAt(rows, 0.5) + 72 * hourUs }) },
  { what: 'two hours', filter: (_, rows) => ({ fromUs: timeAt(rows, 0.3), toUs: timeAt(rows, 0.3) + 2 * hourUs }) },
  { what: 'what is not near the question', filter: ({ symbol, timeUs }) => ({ exclude: { symbol, timeUs, seconds: 3_600 } }) },
];

describe(`recall at ${k} on 100,000 rows in 200 clusters, 3,000 of them not indexed`, () => {
  let memory: Memory;
  beforeAll(async () => {
    memory = await remember(clusteredRows({ rows: 100_000, clusters: 200, symbols, seed }), 97_000);
  }, 600_000);
  afterAll(() => memory.remove());

  it('is searched through the index where it can be, and says so', async () => {
    const asked = memory.rows[5];
    const answer = await memory.store.search({ vector: asked.vector, k, filter: {}, search: 'auto' });
    expect(answer).toMatchObject({ index: 'vector_ivf_flat', rows: 100_000, candidates: 100_000, exact: false, rowsNotIndexed: 3_000 });
    expect(answer.nprobes).toBeGreaterThan(0);
  });

  it.each(cases)(
    'is at least 0.95 with $what',
    async ({ filter }) => {
      expect(await recall(memory, filter, 'auto')).toBeGreaterThanOrEqual(recallMin);
    },
    60_000,
  );

  it('is 1 where every row is compared', async () => {
    expect(await recall(memory, () => ({}), 'exact', 5)).toBe(1);
  }, 60_000);
});

describe(`recall at ${k} on 20,000 rows without clusters`, () => {
  let memory: Memory;
  beforeAll(async () => {
    memory = await remember(clusteredRows({ rows: 20_000, clusters: 20, symbols, seed, spread: 8 }), 20_000);
  }, 60_000);
  afterAll(() => memory.remove());

  it.each(cases)(
    'is at least 0.95 with $what',
    async ({ filter }) => {
      expect(await recall(memory, filter, 'auto')).toBeGreaterThanOrEqual(recallMin);
    },
    60_000,
  );
});

async function remember(rows: readonly EmbeddingRow[], rowsIndexed: number): Promise<Memory> {
  const uri = await mkdtemp(path.join(tmpdir(), 'hindcast-recall-'));
  const store = await LanceVectorStore.open({ uri });
  await store.ensureTable();
  await upsertAll(store, rows.slice(0, rowsIndexed));
  await store.optimize();
  await upsertAll(store, rows.slice(rowsIndexed));
  return {
    rows,
    store,
    remove: async () => {
      await store.close();
      await rm(uri, { recursive: true });
    },
  };
}

async function upsertAll(store: LanceVectorStore, rows: readonly EmbeddingRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += writtenAtOnce) await store.upsert(rows.slice(from, from + writtenAtOnce));
}

/** The share of the true neighbours that were found, over questions drawn from all rows. */
async function recall(memory: Memory, filter: Case['filter'], search: 'auto' | 'exact', asks = questions): Promise<number> {
  const random = seededRandom(seed);
  let found = 0;
  let expected = 0;
  for (let ask = 0; ask < asks; ask += 1) {
    const asked = memory.rows[Math.floor(random() * memory.rows.length)];
    const wanted = filter(asked, memory.rows);
    const candidates = memory.rows.filter((row) => passes(row, wanted));
    const answer = await memory.store.search({ vector: asked.vector, k, filter: wanted, search });
    assertReceipt(answer, candidates.length);
    const truth = nearest(candidates, asked.vector);
    expected += truth.length;
    found += answer.matches.filter(({ symbol, timeUs }) => truth.includes(`${symbol} ${timeUs}`)).length;
  }
  return found / expected;
}

function assertReceipt({ matches, candidates }: VectorSearchResult, expected: number): void {
  expect(candidates).toBe(expected);
  expect(matches).toHaveLength(Math.min(k, expected));
}

/** The filter once more, without SQL. */
function passes({ symbol, timeUs, modelId, templateId }: EmbeddingRow, filter: VectorFilter): boolean {
  const { exclude, fromUs = -Infinity, toUs = Infinity, asOfUs = Infinity } = filter;
  if (filter.symbols !== undefined && !filter.symbols.includes(symbol)) return false;
  if (filter.modelId !== undefined && filter.modelId !== modelId) return false;
  if (filter.templateId !== undefined && filter.templateId !== templateId) return false;
  if (exclude !== undefined && symbol === exclude.symbol && Math.abs(timeUs - exclude.timeUs) < exclude.seconds * 1_000_000) return false;
  return timeUs >= fromUs && timeUs < toUs && timeUs <= asOfUs;
}

/** The k nearest by comparing with each, as keys. */
function nearest(rows: readonly EmbeddingRow[], vector: Float32Array): readonly string[] {
  const best: { readonly key: string; readonly squared: number }[] = [];
  for (const row of rows) {
    const worst = best.length === k ? best[k - 1].squared : Infinity;
    const squared = squaredDistance(row.vector, vector, worst);
    if (squared >= worst) continue;
    best.push({ key: `${row.symbol} ${row.timeUs}`, squared });
    best.sort((a, b) => a.squared - b.squared);
    best.length = Math.min(best.length, k);
  }
  return best.map(({ key }) => key);
}

/** Stops once it is past `worst`: most rows are. */
function squaredDistance(a: Float32Array, b: Float32Array, worst: number): number {
  let sum = 0;
  for (let at = 0; at < a.length && sum < worst; at += 1) sum += (a[at] - b[at]) ** 2;
  return sum;
}

function otherSymbol(symbol: string): string {
  return symbols[(symbols.indexOf(symbol) + 7) % symbols.length];
}

function timeAt(rows: readonly EmbeddingRow[], share: number): number {
  return (rows[0]?.timeUs ?? 0) + Math.floor(rows.length * share) * minuteUs;
}
