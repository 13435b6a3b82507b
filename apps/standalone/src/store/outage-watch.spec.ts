import { HindcastError, type DuckDbFacts } from '@hindcast/contracts';
import { OutageWatch } from './outage-watch.js';

const outage = { market: 'usa/equity', code: 'STORE_DAMAGED', message: 'no DuckDB file', waiting_bytes: 1 } as const;

it('knows the instruments that are full, and keeps to it while the store does not answer', async () => {
  let outages: DuckDbFacts['outages'] | undefined = [
    { ...outage, symbol: 'SPY', is_full: false },
    { ...outage, symbol: 'IBM', is_full: true },
  ];
  const watch = new OutageWatch({
    facts: async () => {
      if (!outages) throw new HindcastError('STORE_AWAY');
      return { attached: 0, attached_max: 1, hits: 0, misses: 0, evictions: 0, outages };
    },
  });
  await watch.look();
  expect([...watch.full]).toEqual([['usa/equity IBM', 'STORE_DAMAGED, no DuckDB file']]);
  outages = undefined;
  await watch.look();
  expect(watch.full.size).toBe(1);
  outages = [];
  await watch.look();
  expect(watch.full.size).toBe(0);
  watch.close();
});
