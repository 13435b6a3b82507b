import type { Readable } from 'node:stream';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { HindcastError } from '@hindcast/contracts';

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
    for await (const entry of zip.eachEntry()) {
      if (/\.(csv|tsv|txt)$/i.test(entry.fileName)) return { zip, entry };
    }
  } catch (cause) {
    zip.close();
    throw unreadable(path, cause);
  }
  zip.close();
  throw unreadable(path, new Error('there is no .csv, .tsv or .txt in it'));
}

function unreadable(path: string, cause: unknown): HindcastError {
  if (cause instanceof HindcastError) return cause;
  return new HindcastError('BODY_INVALID', `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
}
