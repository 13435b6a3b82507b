import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScratchDatabase } from './scratch-database.js';

/** Above what any system gives to a process. */
const nobodysPid = 2_000_000_000;

it('a scratch folder goes with its database, and one that a killed process has left goes with the next', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'scratch-'));
  const left = join(parent, `scratch-${nobodysPid}-abc`);
  const used = join(parent, `scratch-${process.ppid}-abc`);
  for (const dir of [left, used]) mkdirSync(dir);
  const scratch = new ScratchDatabase(parent);
  const connection = await scratch.connect();
  expect([existsSync(left), existsSync(used), readdirSync(parent).length]).toEqual([false, true, 2]);
  connection.closeSync();
  await scratch.close();
  expect(readdirSync(parent)).toHaveLength(1);
  rmSync(parent, { recursive: true });
});
