import { HindcastError } from '@hindcast/contracts';
import { batchRowsMax } from '@hindcast/market';
import type { RetentionRun } from '@hindcast/store-duckdb';
import { createLogger } from '@hindcast/service-kit';
import { RetentionWorker } from './retention.worker.js';

const nothing = { trades: 0, quotes: 0, states: 0, rejected: 0 };

function worker(runs: RetentionRun[], beginning: () => Promise<number>) {
  return new RetentionWorker({
    retain: async (run) => {
      runs.push(run);
      return nothing;
    },
    log: { beginning: async () => ({ streamId: 'log', firstNumber: await beginning(), clocks: [] }) },
    clock: { nowUs: () => 7_000_000 },
    logger: createLogger({ service: 'test', level: 'silent' }),
    intervalMs: 1,
  });
}

it('leaves what the log holds: the store would not know it, were it sent again', async () => {
  const runs: RetentionRun[] = [];
  await worker(runs, async () => 12).run();
  expect(runs).toEqual([{ nowUs: 7_000_000, throughSequence: 12 * batchRowsMax - 1 }]);
});

it('comes back after a failure, and after it is stopped no more', async () => {
  const runs: RetentionRun[] = [];
  let asked = 0;
  let twice: () => void = () => undefined;
  const ran = new Promise<void>((resolve) => (twice = resolve));
  const loop = worker(runs, async () => {
    if (++asked === 1) throw new HindcastError('STORE_NOT_READY');
    if (asked === 3) twice();
    return asked;
  });
  loop.start();
  await ran;
  await loop.stop();
  const before = asked;
  expect(runs.map(({ throughSequence }) => throughSequence)).toEqual(
    Array.from({ length: before - 1 }, (_, n) => (n + 2) * batchRowsMax - 1),
  );
  await new Promise(setImmediate);
  expect(asked).toBe(before);
});
