/** @jest-environment-options {"customExportConditions": ["@hindcast/source", "node"]} */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { candidateRows, drawOf, nearest, standardised, type CandidateFilter, type MomentColumns } from '@hindcast/memory';
import type { MomentFilter } from '@hindcast/ports';
import { allRowsOf, memoryDefinition, momentStartUs, someMoments } from '@hindcast/testing';
import { LanceMomentStore } from './lance-moment-store.js';

const count = 160_000;
const countIndexed = 150_000;
const questions = 4;
const recallMin = 0.99;
const definition = memoryDefinition();
const { id } = definition;
const secondUs = 1_000_000;
const asOfUs = momentStartUs + Math.floor(count * 0.3) * secondUs;

let uri: string;
let store: LanceMomentStore;
let moments: MomentColumns;
/** What ended first while the index was built. */
const ended: string[] = [];
/** What was answered of a time before the rows that came after it, and before there was an index. */
let answersThen: readonly unknown[];

beforeAll(async () => {
  uri = await mkdtemp(path.join(tmpdir(), 'hindcast-recall-'));
  store = await LanceMomentStore.open({ uri });
  await store.ensureTables();
  await store.create(definition);
  moments = someMoments({ count, seed: 20131009, clusters: 200 });
  const rows = allRowsOf(moments);
  const known = rows.filter((row) => moments.timeUs[row] <= asOfUs).length;
  await store.upsert(id, moments, rows.subarray(0, known));
  answersThen = await askedOfThePast();
  await store.upsert(id, moments, rows.subarray(known, countIndexed));
  const indexed = store.optimize(id).then(() => ended.push('index'));
  const written = store.upsert(id, moments, rows.subarray(countIndexed)).then(() => ended.push('write'));
  await Promise.all([indexed, written]);
}, 600_000);
afterAll(async () => {
  await store.close();
  await rm(uri, { recursive: true });
});

const cases: readonly (readonly [string, MomentFilter, CandidateFilter])[] = [
  ['no filter', {}, {}],
  ['one symbol', { symbols: ['IBM'] }, { where: (row) => moments.instruments[moments.instrument[row]].symbol === 'IBM' }],
  ['what had been at a time', { asOfUs }, { asOfUs }],
  ['a sample of 60 %', { drawBelow: 0.6 }, { where: (row) => drawAt(row) < 0.6 }],
  ['a sample of 5 %', { drawBelow: 0.05 }, { where: (row) => drawAt(row) < 0.05 }],
  ['a sample of 0.05 %', { drawBelow: 0.0005 }, { where: (row) => drawAt(row) < 0.0005 }],
];

it('finds rows that came while the index was built, which did not wait for it', async () => {
  expect(ended).toEqual(['write', 'index']);
  expect(await store.count(id, {})).toBe(count);
  expect(await store.stats(id)).toMatchObject({ rows: count, index: 'vector_ivf_flat', indexSegments: 1 });
});

it('says what share of the ten nearest its index finds', async () => {
  expect((await store.stats(id)).recall).toBeGreaterThanOrEqual(recallMin);
});

it.each(cases)(
  'finds at least 0.99 of the nearest with %s',
  async (_, filter, passes) => {
    const { vectors, size } = standardised(definition.signature, moments);
    const all = { ...columnsOf(moments), vectors, size };
    const candidates = candidateRows(all, passes);
    for (const k of [5, 50, 1_200]) {
      let [found, of] = [0, 0];
      for (let question = 0; question < questions; question += 1) {
        const row = Math.floor(((question + 0.5) * count) / questions);
        const vector = vectors.slice(row * size, (row + 1) * size);
        const truth = nearest(all, { vector, k, candidates, minGapUs: 0 }).squaredDistances;
        const answer = await store.search(id, { vector, k, filter, search: 'auto' });
        expect(answer).toMatchObject({ candidates: candidates.length, rows: count });
        expect(answer.moments).toHaveLength(Math.min(k, candidates.length));
        const farthest = Math.sqrt(truth[truth.length - 1]) * (1 + 1e-9);
        found += answer.distances.filter((distance) => distance <= farthest).length;
        of += truth.length;
      }
      expect(found / of).toBeGreaterThanOrEqual(recallMin);
    }
  },
  120_000,
);

it('answers of the past, compared exactly, what it answered then, whatever came and was indexed since', async () => {
  expect(await askedOfThePast()).toEqual(answersThen);
}, 120_000);

/** Every bit of answers as of a time, but for what they say of the whole table. */
async function askedOfThePast(): Promise<readonly unknown[]> {
  const { vectors, size } = standardised(definition.signature, moments);
  const answers: unknown[] = [];
  for (const k of [5, 1_200]) {
    for (let question = 0; question < questions; question += 1) {
      const row = Math.floor(((question + 0.5) * count) / questions);
      const query = { vector: vectors.slice(row * size, (row + 1) * size), k, filter: { asOfUs }, search: 'exact' as const };
      const { rows: _rows, index: _index, rowsNotIndexed: _notIndexed, ...answer } = await store.search(id, query);
      answers.push(answer);
    }
  }
  return answers;
}

function drawAt(row: number): number {
  return drawOf({ ...moments.instruments[moments.instrument[row]], timeUs: moments.timeUs[row] });
}

function columnsOf({ length, timeUs, instrument, day }: MomentColumns) {
  return { length, timeUs, instrument, day };
}
