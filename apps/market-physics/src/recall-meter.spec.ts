import type { VectorMatch, VectorQuery, VectorStore } from '@hindcast/ports';
import { RecallMeter } from './recall-meter.js';

/** A store whose index finds the first `found` of the ten true neighbours. */
function vectorsThatFind(found: number) {
  const asked: VectorQuery[] = [];
  let version = 1;
  const match = (distance: number): VectorMatch => ({
    symbol: 'SPY',
    market: 'usa/equity',
    timeUs: distance,
    distance,
    metadata: {} as never,
  });
  const vectors = {
    stats: async () => ({ index: 'ivf', version }) as never,
    sample: async (count: number) => Array.from({ length: count }, () => new Float32Array(2)),
    search: async (query: VectorQuery) => {
      asked.push(query);
      const near = Array.from({ length: 10 }, (_, at) => match(at < found || query.search === 'exact' ? at : 100 + at));
      return { matches: near.slice(0, query.k) } as never;
    },
  } satisfies Pick<VectorStore, 'sample' | 'search' | 'stats'>;
  return { vectors, asked, write: () => (version += 1) };
}

async function measured(meter: RecallMeter) {
  meter.facts();
  await meter.settled();
  return meter.facts();
}

it('is the share of the true neighbours that the index finds', async () => {
  const meter = new RecallMeter({ ...vectorsThatFind(7), clock: { nowUs: () => 1_700_000_000_000_000 } });
  expect(meter.facts()).toBeNull();
  await meter.settled();
  expect(meter.facts()).toEqual({ recall: 0.7, k: 10, questions: 20, measured_at: '2023-11-14T22:13:20Z', elapsed_ms: 0 });
});

it('is measured anew only after a while, and only where the table has changed', async () => {
  let nowUs = 1_700_000_000_000_000;
  const { vectors, asked, write } = vectorsThatFind(10);
  const meter = new RecallMeter({ vectors, clock: { nowUs: () => nowUs } });
  await measured(meter);
  write();
  await measured(meter);
  expect(asked).toHaveLength(40);
  nowUs += 601_000_000;
  await measured(meter);
  expect(asked).toHaveLength(80);
  nowUs += 601_000_000;
  await measured(meter);
  expect(asked).toHaveLength(80);
});

it('stops asking when it has taken long enough, and keeps what it has', async () => {
  let nowUs = 1_700_000_000_000_000;
  const meter = new RecallMeter({ ...vectorsThatFind(10), clock: { nowUs: () => (nowUs += 1_000_000) } });
  expect((await measured(meter))?.questions).toBeLessThan(10);
});

it('a store without an index has nothing to measure', async () => {
  const { vectors } = vectorsThatFind(10);
  const meter = new RecallMeter({
    vectors: { ...vectors, stats: async () => ({ index: null, version: 1 }) as never },
    clock: { nowUs: () => 0 },
  });
  expect(await measured(meter)).toBeNull();
});
