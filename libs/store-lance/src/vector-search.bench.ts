/**
 * What a search costs beside the bare library: `node libs/store-lance/dist/vector-search.bench.js [--full]` prints p50
 * and p99 in milliseconds over 20,000 rows, or 100,000 with `--full`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hourUs } from '@hindcast/contracts';
import type { EmbeddingRow, VectorFilter } from '@hindcast/ports';
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
  console.log(`upsert: ${await rowsPerSecond(store, rows)} rows/s, ${writtenAtOnce} at once`);
  console.log(`index: ${Math.round(await elapsedMs(() => store.optimize()))} ms for ${rowCount} rows`);

  await bareSearches(uri, rows);
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
    await report(name, rows, (vector) => store.search({ vector, k, filter, search: 'auto' }));
  }
  await report('exact', rows.slice(0, searches / 10), (vector) => store.search({ vector, k, filter: {}, search: 'exact' }));
  await store.close();
}

async function rowsPerSecond(store: LanceVectorStore, rows: readonly EmbeddingRow[]): Promise<number> {
  const elapsed = await elapsedMs(async () => {
    for (let from = 0; from < rows.length; from += writtenAtOnce) await store.upsert(rows.slice(from, from + writtenAtOnce));
  });
  return Math.round((rows.length * 1_000) / elapsed);
}

async function bareSearches(uri: string, rows: readonly EmbeddingRow[]): Promise<void> {
  const connection = await connect(uri, {}, new Session(BigInt(256 << 20), BigInt(32 << 20)));
  const table = await connection.openTable('market_state_embeddings');
  const columns = ['symbol', 'timestamp', 'metadata', '_distance'];
  await report('bare lancedb', rows, (vector) => table.vectorSearch(vector).nprobes(nprobesBase).limit(k).select(columns).toArrow());
  table.close();
  connection.close();
}

async function report(name: string, rows: readonly EmbeddingRow[], search: (vector: Float32Array) => Promise<unknown>): Promise<void> {
  const count = Math.min(searches, rows.length);
  const questions = Array.from({ length: warmUps + count }, (_, index) => rows[(index * 7_919) % rows.length].vector);
  const times: number[] = [];
  for (const vector of questions) times.push(await elapsedMs(() => search(vector)));
  const sorted = times.slice(warmUps).sort((a, b) => a - b);
  const [median, high] = [0.5, 0.99].map((share) => sorted[Math.floor(share * (sorted.length - 1))].toFixed(1));
  console.log(`${name.padEnd(24)} p50 ${median} ms, p99 ${high} ms`);
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
