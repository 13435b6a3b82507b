import { glob, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HindcastError } from '@hindcast/contracts';

/** Of files that may hold ticks. */
export const readEndings = /\.(zip|csv|tsv|txt|csv\.gz|tsv\.gz|txt\.gz|gz|parquet|pq|arrow|arrows|ipc|feather)$/i;
const globSigns = /[*?[\]{}]/;

/** One import's files at most; more come in several. */
const filesMax = 100_000;

export interface FoundFile {
  readonly path: string;
  /** Somebody wants this very file, and has not just found it in a folder or by a pattern. */
  readonly isNamed: boolean;
}

/**
 * Files that are meant: a file whatever it is called, in a folder and all below it those that may hold ticks, and what a
 * pattern finds. Each once, in the order of their paths. FIELD_INVALID for what is not there.
 */
export async function expandPaths(paths: readonly string[]): Promise<readonly FoundFile[]> {
  const found = new Map<string, FoundFile>();
  for (const path of paths) {
    let files = 0;
    for await (const { path: given, isNamed } of filesAt(path)) {
      files++;
      const real = await realpath(given);
      found.set(real, { path: real, isNamed: isNamed || found.get(real)?.isNamed === true });
    }
    if (found.size > filesMax) throw new HindcastError('FIELD_INVALID', `${path}: more than ${filesMax} files; import them in parts.`);
    if (files === 0)
      throw new HindcastError('FIELD_INVALID', `${path}: there is no file in it that may hold ticks (zip, csv, tsv, gz, parquet, arrow).`);
  }
  return [...found.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
}

async function* filesAt(path: string): AsyncGenerator<FoundFile> {
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isDirectory()) yield* filesBelow(path);
  else if (facts) yield { path: resolve(path), isNamed: true };
  else if (globSigns.test(path)) {
    for await (const name of glob(path)) {
      const file = resolve(name);
      if ((await stat(file)).isFile()) yield { path: file, isNamed: false };
    }
  } else throw new HindcastError('FIELD_INVALID', `${path}: there is no such file or folder.`);
}

async function* filesBelow(folder: string): AsyncGenerator<FoundFile> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && readEndings.test(entry.name)) yield { path: join(entry.parentPath, entry.name), isNamed: false };
  }
}
