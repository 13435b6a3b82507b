import { barEndUs, instrumentKey, wordAt } from '@hindcast/market';
import fc from 'fast-check';
import { FolderOfFiles } from './files.fixture.js';
import type { FileBatch } from './tick-batches.js';

let folder: FolderOfFiles;
beforeEach(async () => (folder = await FolderOfFiles.make()));
afterEach(() => folder.remove());

interface Line {
  readonly second: number;
  readonly symbol: string;
  readonly source: string;
}

function csvOf(lines: readonly Line[]): string {
  const text = lines.map(({ second, symbol, source }, at) => `${1_704_067_200 + second},${symbol},${source},${at + 1},2`);
  return ['timestamp,symbol,source,price,size', ...text].join('\n');
}

/** Trades whose bar is closed when they are told, each instrument by its own clock, as admission decides it. */
function lateRows(batches: readonly FileBatch[]): number {
  const clocks = new Map<string, number>();
  let late = 0;
  for (const { trades } of batches) {
    for (let row = 0; row < trades.length; row++) {
      const key = instrumentKey({ market: wordAt(trades.market, row), symbol: wordAt(trades.symbol, row) });
      const clockUs = clocks.get(key) ?? 0;
      if (barEndUs(trades.timeUs[row]) <= clockUs) late++;
      clocks.set(key, Math.max(clockUs, trades.timeUs[row]));
    }
  }
  return late;
}

async function batchesOf(name: string, lines: readonly Line[], batchRows: number): Promise<readonly FileBatch[]> {
  const plan = await folder.plan([await folder.write(name, csvOf(lines))], { market: 'test/spot' });
  return folder.batches(plan, { batchRows });
}

it.each([1, 7, 1_000, 5_000])('two sources of one instrument that take turns make no row late, in batches of %i', async (batchRows) => {
  const lines = Array.from({ length: 2_000 }, (_, second) => ({ second, symbol: 'A', source: second % 2 === 0 ? 'file' : 'binance' }));
  const batches = await batchesOf('turns.csv', lines, batchRows);
  expect(lateRows(batches)).toBe(0);
  expect(batches.reduce((rows, { trades }) => rows + trades.length, 0)).toBe(2_000);
});

it('rows that are in the order of time are told in that order, instrument by instrument', async () => {
  const line = fc.record({
    second: fc.integer({ min: 0, max: 40 }),
    symbol: fc.constantFrom('A', 'B', 'C'),
    source: fc.constantFrom('x', 'y', 'z'),
  });
  const lines = fc.array(line, { minLength: 1, maxLength: 60 });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(lines, fc.constantFrom(1, 3, 10, 1_000), async (unordered, batchRows) => {
      const batches = await batchesOf(`${run++}.csv`, unordered, batchRows);
      expect(lateRows(batches)).toBe(0);
      expect(batches.reduce((rows, { trades }) => rows + trades.length, 0)).toBe(unordered.length);
    }),
    { numRuns: 25 },
  );
});

it('sources of different instruments still share whole batches', async () => {
  const lines = Array.from({ length: 2_000 }, (_, at) => ({ second: at, symbol: 'AB'[at % 2], source: 'xy'[at % 2] }));
  expect(await batchesOf('own.csv', lines, 1_000)).toHaveLength(5);
});
