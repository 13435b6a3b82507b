import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finishedFile } from './finished-file.js';

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'finished-'))));
afterEach(() => {
  rmSync(dir, { recursive: true });
});

describe('a file that is whole or not there', () => {
  it('takes the place of an older one when it is written', async () => {
    const path = join(dir, 'table.csv');
    writeFileSync(path, 'old');
    const result = await finishedFile(path, (unfinished) => {
      writeFileSync(unfinished, 'new');
      expect(readFileSync(path, 'utf8')).toBe('old');
      return Promise.resolve(7);
    });
    expect([result, readFileSync(path, 'utf8'), readdirSync(dir)]).toEqual([7, 'new', ['table.csv']]);
  });

  it('leaves nothing behind when it cannot be written to the end', async () => {
    const path = join(dir, 'table.csv');
    const writing = finishedFile(path, (unfinished) => {
      writeFileSync(unfinished, 'half');
      return Promise.reject(new Error('stopped'));
    });
    await expect(writing).rejects.toThrow('stopped');
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is refused before anything is written where a folder has its name', async () => {
    const writing = finishedFile(dir, () => Promise.reject(new Error('was written')));
    await expect(writing).rejects.toMatchObject({ code: 'FIELD_INVALID', message: `${dir} is a folder: name a file in it.` });
  });
});
