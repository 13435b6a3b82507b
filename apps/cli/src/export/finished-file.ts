import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HindcastError } from '@hindcast/contracts';

/**
 * Makes a file that is whole or not there: what is written lies beside it under another name, is flushed to disk and then
 * moved over it. Whatever ends the writing takes the unfinished file away. FIELD_INVALID where a folder has the name.
 */
export async function finishedFile<Result>(path: string, write: (unfinished: string) => Promise<Result>): Promise<Result> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new HindcastError('FIELD_INVALID', `${path} is a folder: name a file in it.`);
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}.unfinished`);
  try {
    const result = await write(unfinished);
    const file = await open(unfinished, 'r+');
    await file.sync().finally(() => file.close());
    await rename(unfinished, path);
    return result;
  } finally {
    await rm(unfinished, { force: true });
  }
}
