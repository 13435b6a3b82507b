import { closeSync, fdatasyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { decodeLoggedBatch, encodeLoggedBatch, type LoggedBatch } from '@hindcast/market';

/** Length and checksum of what follows, four bytes each. */
const headerBytes = 8;

export interface SpilledBatch {
  readonly streamId: string;
  readonly batch: LoggedBatch;
}

/**
 * Rows of one instrument that wait aside until its file can take them: batches one after the other in one file, on disk
 * when `append` returns. A batch that a dying process wrote by half was never acknowledged, and is not read.
 */
export class SpillLog {
  readonly #path: string;
  /** Where the last whole batch ends; undefined until somebody looked. */
  #end: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  get bytes(): number {
    return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }

  append(spilled: readonly SpilledBatch[]): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    const before = (this.#end ??= wholeBytes(this.#read()));
    const file = openSync(this.#path, before === 0 ? 'w' : 'r+');
    try {
      ftruncateSync(file, before);
      let end = before;
      for (const entry of spilled) for (const part of frameOf(entry)) end += writeWhole(file, part, end);
      fdatasyncSync(file);
      this.#end = end;
    } catch (error) {
      ftruncateSync(file, before);
      throw error;
    } finally {
      closeSync(file);
    }
  }

  /** In the order in which they came. */
  *read(): Generator<SpilledBatch> {
    for (const body of frames(this.#read())) yield spilledOf(body);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
    this.#end = undefined;
  }

  #read(): Buffer {
    return this.bytes === 0 ? Buffer.alloc(0) : readFileSync(this.#path);
  }
}

function frameOf({ streamId, batch }: SpilledBatch): readonly Buffer[] {
  const stream = Buffer.from(streamId);
  const streamLength = Buffer.alloc(4);
  streamLength.writeUInt32LE(stream.length);
  const body = Buffer.concat([streamLength, stream, encodeLoggedBatch(batch)]);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(body.length, 0);
  header.writeUInt32LE(crc32(body), 4);
  return [header, body];
}

function spilledOf(body: Buffer): SpilledBatch {
  const streamEnd = 4 + body.readUInt32LE(0);
  return { streamId: body.toString('utf8', 4, streamEnd), batch: decodeLoggedBatch(body.subarray(streamEnd)) };
}

/** Bodies up to the first that is not whole. */
function* frames(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at + headerBytes <= bytes.length;) {
    const end = at + headerBytes + bytes.readUInt32LE(at);
    if (end > bytes.length) return;
    const body = bytes.subarray(at + headerBytes, end);
    if (crc32(body) !== bytes.readUInt32LE(at + 4)) return;
    yield body;
    at = end;
  }
}

function wholeBytes(bytes: Buffer): number {
  let whole = 0;
  for (const body of frames(bytes)) whole += headerBytes + body.length;
  return whole;
}

function writeWhole(file: number, bytes: Buffer, position: number): number {
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written, bytes.length - written, position + written);
  return bytes.length;
}
