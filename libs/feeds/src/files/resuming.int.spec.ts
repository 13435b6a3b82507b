import fc from 'fast-check';
import { FolderOfFiles, toldBy } from './files.fixture.js';
import type { FileBatch } from './tick-batches.js';

let folder: FolderOfFiles;
beforeEach(async () => (folder = await FolderOfFiles.make()));
afterEach(() => folder.remove());

const row = fc.record({ second: fc.integer({ min: 0, max: 5 }), symbol: fc.constantFrom('A', 'B'), source: fc.constantFrom('x', 'y') });
const files = fc
  .array(fc.array(row, { maxLength: 12 }), { minLength: 1, maxLength: 4 })
  .filter((all) => all.some(({ length }) => length > 0));

function csvOf(rows: readonly { readonly second: number; readonly symbol: string; readonly source: string }[]): string {
  const lines = rows.map(({ second, symbol, source }, at) => `${1_704_067_200 + second},${symbol},${source},${at + 1},2`);
  return ['timestamp,symbol,source,price,size', ...lines].join('\n');
}

/** Where each row is from, in the order in which a source's batches tell it. */
function rowsOf(batches: readonly FileBatch[]): string[] {
  return batches.flatMap((batch) => toldBy({ ...batch, marks: [] }));
}

it('an import that is cut anywhere and goes on there tells what a whole one tells', async () => {
  await fc.assert(
    fc.asyncProperty(files, fc.integer({ min: 1, max: 7 }), fc.nat(), async (contents, batchRows, at) => {
      const paths = await Promise.all(contents.map((rows, n) => folder.write(`${n}.csv`, csvOf(rows))));
      const plan = await folder.plan(paths, { market: 'test/spot' });
      const whole = await folder.batches(plan, { batchRows });
      // Stopped behind any acknowledged batch.
      const stoppedAfter = at % (whole.length + 1);
      const acknowledged = whole.slice(0, stoppedAfter);
      const startAfterRow = acknowledged.at(-1)?.throughRow ?? 0;
      const rest = await folder.batches(plan, { batchRows: 1 + (at % 9), startAfterRow });
      const sent = [...rowsOf(acknowledged), ...rowsOf(rest)];
      // Of several sources the last group may come again in part: identity makes that harmless. Nothing is missing, nothing is another.
      expect(new Set(sent)).toEqual(new Set(rowsOf(whole)));
      expect(rowsOf(whole)).toHaveLength(plan.rows);
      expect(whole.at(-1)?.throughRow).toBe(plan.rows);
      for (const path of paths) await folder.write(path.slice(folder.dir.length), '');
    }),
    { numRuns: 25 },
  );
});

it('the order does not depend on how many rows a batch has, nor on the order in which files are named', async () => {
  const contents = ['A', 'B', 'C'].map((symbol, n) =>
    csvOf(Array.from({ length: 40 }, (_, at) => ({ second: (at * (n + 3)) % 11, symbol, source: 'x' }))),
  );
  const paths = await Promise.all(contents.map((csv, n) => folder.write(`${n}.csv`, csv)));
  const plan = await folder.plan(paths, { market: 'test/spot' });
  const told = rowsOf(await folder.batches(plan, { batchRows: 1 }));
  expect(rowsOf(await folder.batches(plan, { batchRows: 1_000 }))).toEqual(told);
  expect(rowsOf(await folder.batches(await folder.plan(paths.toReversed(), { market: 'test/spot' }), { batchRows: 7 }))).toEqual(told);
  const times = told.map((line) => line.slice(0, 20));
  expect(times).toEqual(times.toSorted());
});
