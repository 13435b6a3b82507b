/**
 * What a search costs beside the bare library: `node libs/store-lance/dist/vector-search.bench.js [--full]` prints p50
 * and p99 in milliseconds over 20,000 rows, or 100,000 with `--full`, as lines of JSON for `npm run bench`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hourUs } from '@hindcast/contracts';
import type { EmbeddingRow, VectorFilter, VectorQuery } from '@hindcast/ports';
import { clusteredRows } from '@hindcast/testing';
import { Session, connect } from '@lancedb/lancedb';
import { LanceVectorStore } from './lance-vector-store.js';
import { nprobesBase } from './search-plan.js';

const full = process.argv.includes('--full');
const rowCount = full ? 100_000 : 20_000;
const searches = full ? 500 : 50;
const warmUps = 20;
const writtenAtOnce = 1_000;
const k = 5;
const symbols = Array.from({ length: 20 }, (_, index) => `SYM${index}`);

async function bench(uri: string): Promise<void> {
  const rows = clusteredRows({ rows: rowCount, clusters: 200, symbols, seed: 1 });
  const store = await LanceVectorStore.open({ uri });
  await store.ensureTable();
  report({
    metric: `vectors upserted, ${writtenAtOnce.toLocaleString('en')} at once`,
    ours: await rowsPerSecond(store, rows),
    unit: 'rows/s',
  });
  const indexMs = await elapsedMs(() => store.optimize());
  report({ metric: `index of ${rowCount.toLocaleString('en')} vectors`, ours: indexMs, unit: 'ms', better: 'less' });

  const bare = await bareSearches(uri, rows);
  const [{ symbol, modelId, templateId }] = rows;
  const middleUs = rows[rowCount / 2].timeUs;
  const filters: Readonly<Record<string, VectorFilter>> = {
    'no filter': {},
    'model and template': { modelId, templateId },
    'one symbol': { symbols: [symbol] },
    'first half of the time': { asOfUs: middleUs },
    'one day': { fromUs: middleUs, toUs: middleUs + 24 * hourUs },
    'not near the question': { exclude: { symbol, timeUs: middleUs, seconds: 3_600 } },
  };
  for (const [name, filter] of Object.entries(filters)) {
    reportTimes(
      name,
      await timesOf(rows, (vector) => find(store, { vector, k, filter, search: 'auto' })),
      name === 'no filter' ? bare : undefined,
    );
  }
  const exact = await timesOf(rows.slice(0, searches / 10), (vector) => find(store, { vector, k, filter: {}, search: 'exact' }));
  reportTimes('exact', exact);
  await store.close();
}

async function find(store: LanceVectorStore, query: VectorQuery): Promise<void> {
  const { matches, candidates } = await store.search(query);
  if (matches.length !== Math.min(k, candidates)) throw new Error(`${matches.length} matches among ${candidates} candidates`);
}

async function rowsPerSecond(store: LanceVectorStore, rows: readonly EmbeddingRow[]): Promise<number> {
  const elapsed = await elapsedMs(async () => {
    for (let from = 0; from < rows.length; from += writtenAtOnce) await store.upsert(rows.slice(from, from + writtenAtOnce));
  });
  return (rows.length * 1_000) / elapsed;
}

async function bareSearches(uri: string, rows: readonly EmbeddingRow[]): Promise<Times> {
  const connection = await connect(uri, {}, new Session(BigInt(256 << 20), BigInt(32 << 20)));
  const table = await connection.openTable('market_state_embeddings');
  const columns = ['symbol', 'timestamp', 'metadata', '_distance'];
  const times = await timesOf(rows, (vector) => table.vectorSearch(vector).nprobes(nprobesBase).limit(k).select(columns).toArrow());
  table.close();
  connection.close();
  return times;
}

interface Times {
  readonly p50: number;
  readonly p99: number;
}

async function timesOf(rows: readonly EmbeddingRow[], search: (vector: Float32Array) => Promise<unknown>): Promise<Times> {
  const count = Math.min(searches, rows.length);
  const questions = Array.from({ length: warmUps + count }, (_, index) => rows[(index * 7_919) % rows.length].vector);
  const times: number[] = [];
  for (const vector of questions) times.push(await elapsedMs(() => search(vector)));
  const sorted = times.slice(warmUps).sort((a, b) => a - b);
  const [p50, p99] = [0.5, 0.99].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
  return { p50, p99 };
}

/** The bare library searches without a filter, so only that search of ours stands beside it. */
function reportTimes(name: string, ours: Times, bare?: Times): void {
  report({ metric: `search, ${name}, p50`, ours: ours.p50, theirs: bare?.p50, unit: 'ms', better: 'less' });
  report({ metric: `search, ${name}, p99`, ours: ours.p99, theirs: bare?.p99, unit: 'ms', better: 'less' });
}

function report(result: {
  readonly metric: string;
  readonly ours: number;
  readonly theirs?: number;
  readonly unit: string;
  readonly better?: 'less';
}): void {
  console.log(JSON.stringify(result));
}

async function elapsedMs(task: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await task();
  return performance.now() - started;
}

const uri = await mkdtemp(path.join(tmpdir(), 'hindcast-bench-'));
try {
  await bench(uri);
} finally {
  await rm(uri, { recursive: true });
}
