import type { Readable } from 'node:stream';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { HindcastError } from '@hindcast/contracts';

/** A zip of several tables: whoever read one of them would leave the others out. */
export class SeveralFiles extends HindcastError {
  readonly path: string;

  constructor(path: string, [one, other]: readonly string[]) {
    super('BODY_INVALID', `${path} holds several files, ${one} and ${other} among them: unpack it, and import what is in it.`);
    this.path = path;
  }
}

/** What macOS packs beside each file. */
const besideFiles = /(?:^|\/)(?:__MACOSX\/|\._)/;

/** The size of the one CSV in a zip, without unpacking it. */
export async function unpackedBytes(path: string): Promise<number> {
  const { zip, entry } = await onlyEntry(path);
  zip.close();
  return entry.uncompressedSize;
}

/** The one CSV in a zip, unpacked piece by piece; closing the iterator closes the file. */
export async function* unpacked(path: string): AsyncGenerator<Buffer> {
  const { zip, entry } = await onlyEntry(path);
  try {
    const stream: Readable = await zip.openReadStreamPromise(entry);
    for await (const piece of stream) yield piece as Buffer;
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    zip.close();
  }
}

async function onlyEntry(path: string): Promise<{ readonly zip: ZipFile; readonly entry: Entry }> {
  const zip = await openPromise(path, { autoClose: false }).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    return { zip, entry: await tableIn(zip, path) };
  } catch (cause) {
    zip.close();
    throw unreadable(path, cause);
  }
}

/** A text counts where there is no table: beside one it is about it. */
async function tableIn(zip: ZipFile, path: string): Promise<Entry> {
  const tables: Entry[] = [];
  const texts: Entry[] = [];
  for await (const entry of zip.eachEntry()) {
    if (besideFiles.test(entry.fileName)) continue;
    if (/\.(csv|tsv)$/i.test(entry.fileName)) tables.push(entry);
    else if (/\.txt$/i.test(entry.fileName)) texts.push(entry);
    if (tables.length > 1) break;
  }
  const found = tables.length > 0 ? tables : texts;
  if (found.length === 0) throw new Error('there is no .csv, .tsv or .txt in it');
  if (found.length > 1)
    throw new SeveralFiles(
      path,
      found.map(({ fileName }) => fileName),
    );
  return found[0];
}

function unreadable(path: string, cause: unknown): HindcastError {
  if (cause instanceof HindcastError) return cause;
  return new HindcastError('BODY_INVALID', `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
}
