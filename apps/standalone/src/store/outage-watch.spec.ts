import { HindcastError } from '@hindcast/contracts';
import type { InstrumentOutage } from '@hindcast/ports';
import { OutageWatch } from './outage-watch.js';

const outage = { market: 'usa/equity', code: 'STORE_DAMAGED', message: 'no DuckDB file', waitingBytes: 1 } as const;

it('knows the instruments that are full, and keeps to it while the store does not answer', async () => {
  let outages: readonly InstrumentOutage[] | undefined = [
    { ...outage, symbol: 'SPY', isFull: false },
    { ...outage, symbol: 'IBM', isFull: true },
  ];
  const watch = new OutageWatch({
    outages: async () => {
      if (!outages) throw new HindcastError('STORE_AWAY');
      return outages;
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
