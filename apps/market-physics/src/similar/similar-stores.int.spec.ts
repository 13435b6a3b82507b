/** @jest-environment-options {"customExportConditions": ["@hindcast/source", "node"]} */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimilarAnswer } from '@hindcast/contracts';
import { LanceMomentStore } from '@hindcast/store-lance';
import { answering, ask, days, fittedMemory, heldMemory, market, recordedMoments, remember } from './similar.fixture.js';

let folder: string;
let store: LanceMomentStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'similar-stores-'));
  store = await remember(await LanceMomentStore.open({ uri: folder }), fittedMemory(), recordedMoments(days));
}, 120_000);
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

/** Everything but what only one of the two has: an index, files, a clock that goes on. */
function told({ receipt, ...answer }: SimilarAnswer) {
  const { elapsed_ms: _elapsed, phases_ms: _phases, index_type: _type, recall: _recall, rows_not_indexed: _rows, ...rest } = receipt;
  return { ...answer, receipt: rest };
}

const question = { symbol: 'AAA', market, time: '2013-10-09T14:30:00Z' };

it.each([
  [question],
  [{ ...question, k: 40, minGap: 0, explain: true, search: 'exact' }],
  [{ ...question, k: 30, distinctDays: true, excludeWindow: '0s' }],
  [{ ...question, filter: { symbols: ['BBB'], components: { return_5m: { min: -0.5, max: 0.5 } } }, horizons: ['15m', 'next_day'] }],
  [{ signature: { volatility_5m: 0.4, session_progress: 0.1 } }],
  [{ path: { symbol: 'BBB', market, from: '2013-10-09T14:00:00Z', to: '2013-10-09T14:25:00Z' } }],
  [{ path: { symbol: 'BBB', market, from: '2013-10-09T14:00:00Z', to: '2013-10-09T14:25:00Z', of: 'states' } }],
  [{ path: { symbol: 'BBB', market, from: '2013-10-09T14:00:00Z', to: '2013-10-09T14:25:00.000001Z', of: 'states' } }],
])('a memory on disk answers with the bits of one in a map, and again: %j', async (body) => {
  const onDisk = told(await ask(answering(store), body));
  expect(onDisk).toEqual(told(await ask(answering(await heldMemory()), body)));
  expect(told(await ask(answering(store), body))).toEqual(onDisk);
});
