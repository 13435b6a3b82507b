import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScratchDatabase } from '@hindcast/feeds';
import { parseHorizon } from '@hindcast/memory';
import { systemClock } from '@hindcast/ports';
import { recordedMoments } from './recorded-moments.js';

let dir: string;
let scratch: ScratchDatabase;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'recorded-'));
  scratch = new ScratchDatabase(join(dir, 'scratch'));
});

afterEach(async () => {
  await scratch.close();
  await rm(dir, { recursive: true, force: true });
});

/** Two hours of each of these mornings, a trade every other second. */
function csvOf(days: readonly string[]): string {
  const lines = days.flatMap((day) =>
    Array.from({ length: 3_600 }, (_, i) => {
      const time = new Date(Date.parse(`${day}T13:30:00Z`) + 2_000 * i).toISOString();
      return `${time},${(100 + Math.sin(i / 40) + 0.01 * ((i * 7) % 5)).toFixed(2)},${1 + (i % 3)},AAA,usa/equity`;
    }),
  );
  return ['timestamp,price,size,symbol,market', ...lines, ''].join('\n');
}

const asked = { symbols: ['AAA'], fromDay: '2013-10-08', toDay: '2013-10-09', stateIntervalMs: 60_000, horizons: [parseHorizon('5m')] };

it('makes moments of any file that an import reads, of the days and symbols that are asked for', async () => {
  const path = join(dir, 'ticks.csv');
  await writeFile(path, csvOf(['2013-10-07', '2013-10-08', '2013-10-09']));
  const moments = await recordedMoments({ ...asked, data: path, scratch, clock: systemClock });
  // One a minute, from a quarter of an hour after the first trade on to the close.
  const days = moments.day.subarray(0, moments.length);
  expect(new Set(days)).toEqual(new Set(['2013-10-08', '2013-10-09'].map((day) => Date.parse(day) / 86_400_000)));
  expect(moments.length).toBeGreaterThan(2 * 100);
  expect(moments.instruments).toEqual([{ market: 'usa/equity', symbol: 'AAA' }]);
  await expect(recordedMoments({ ...asked, symbols: ['BBB'], data: path, scratch, clock: systemClock })).rejects.toThrow('--symbols BBB: ');
});
