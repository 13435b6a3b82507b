import type { Readable } from 'node:stream';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { HindcastError } from '@hindcast/contracts';
import { readEndings } from './file-paths.js';

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
const textEnding = /\.txt$/i;
const lineEndings = /\.(csv|tsv|txt)$/i;

/** The size of the one CSV in a zip, without unpacking it. */
export async function unpackedBytes(path: string): Promise<number> {
  const { zip, entry } = await onlyEntry(path);
  zip.close();
  return entry.uncompressedSize;
}

/** Texts beside the one table in a zip, which are not read: the first of them by name. Undefined where there is none. */
export async function textsBeside(path: string): Promise<string | undefined> {
  const { zip, beside } = await onlyEntry(path);
  zip.close();
  return beside;
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

interface OnlyEntry {
  readonly entry: Entry;
  readonly beside: string | undefined;
}

async function onlyEntry(path: string): Promise<OnlyEntry & { readonly zip: ZipFile }> {
  const zip = await openPromise(path, { autoClose: false }).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    return { zip, ...(await tableIn(zip, path)) };
  } catch (cause) {
    zip.close();
    throw unreadable(path, cause);
  }
}

/** A text counts where there is no table: beside one it is about it. */
async function tableIn(zip: ZipFile, path: string): Promise<OnlyEntry> {
  const { tables, texts, textCount } = await contentsOf(zip);
  const [entry, other] = tables.length > 0 ? tables : texts;
  if (entry === undefined) throw new Error('there is no .csv, .tsv or .txt in it');
  if (other !== undefined) throw new SeveralFiles(path, [entry.fileName, other.fileName]);
  if (!lineEndings.test(entry.fileName)) throw new Error(`${entry.fileName} in it must be unpacked first`);
  if (tables.length === 0 || textCount === 0) return { entry, beside: undefined };
  return { entry, beside: textCount === 1 ? texts[0].fileName : `${texts[0].fileName} and ${textCount - 1} more` };
}

interface Contents {
  /** The first two: nobody asks for more. */
  readonly tables: readonly Entry[];
  readonly texts: readonly Entry[];
  readonly textCount: number;
}

/** What may hold ticks in a folder may do so in a zip. */
async function contentsOf(zip: ZipFile): Promise<Contents> {
  const tables: Entry[] = [];
  const texts: Entry[] = [];
  let textCount = 0;
  for await (const entry of zip.eachEntry()) {
    if (besideFiles.test(entry.fileName) || !readEndings.test(entry.fileName)) continue;
    if (textEnding.test(entry.fileName)) {
      if (textCount++ < 2) texts.push(entry);
    } else if (tables.push(entry) > 1) break;
  }
  return { tables, texts, textCount };
}

function unreadable(path: string, cause: unknown): HindcastError {
  if (cause instanceof HindcastError) return cause;
  return new HindcastError('BODY_INVALID', `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
}
