import { closeSync, fdatasyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import { decodeLoggedBatch, encodeLoggedBatch, type LoggedBatch } from '@hindcast/market';
import type { PhysicsState, StateMode } from '@hindcast/physics';

/** Length and checksum of what follows, four bytes each. */
const headerBytes = 8;
/** The first byte of a body. */
const ticksKind = 1;
const statesKind = 2;

/** What waits: ticks of one batch of a log, or states. */
export type Waiting =
  | { readonly kind: 'ticks'; readonly streamId: string; readonly batch: LoggedBatch }
  | { readonly kind: 'states'; readonly states: readonly PhysicsState[]; readonly mode: StateMode };

/**
 * Rows of one instrument that wait aside until its file can take them: batches one after the other in one file, on disk
 * when `append` returns. A batch that a dying process wrote by half was never acknowledged, and is not read.
 */
export class WaitingLog {
  readonly #path: string;
  /** Where the last whole batch ends; undefined until somebody looked. */
  #end: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  get bytes(): number {
    return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }

  append(waiting: readonly Waiting[]): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    const before = (this.#end ??= wholeBytes(this.#read()));
    const file = openSync(this.#path, before === 0 ? 'w' : 'r+');
    try {
      ftruncateSync(file, before);
      let end = before;
      for (const entry of waiting) for (const part of frameOf(entry)) end += writeWhole(file, part, end);
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
  *read(): Generator<Waiting> {
    for (const body of frames(this.#read())) yield waitingOf(body);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
    this.#end = undefined;
  }

  #read(): Buffer {
    return this.bytes === 0 ? Buffer.alloc(0) : readFileSync(this.#path);
  }
}

function frameOf(waiting: Waiting): readonly Buffer[] {
  const body = bodyOf(waiting);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(body.length, 0);
  header.writeUInt32LE(crc32(body), 4);
  return [header, body];
}

/** Ticks as the log has them; states with every bit of their numbers, which JSON would not keep. */
function bodyOf(waiting: Waiting): Buffer {
  if (waiting.kind === 'ticks') {
    const stream = Buffer.from(waiting.streamId);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt8(ticksKind, 0);
    prefix.writeUInt32LE(stream.length, 1);
    return Buffer.concat([prefix, stream, encodeLoggedBatch(waiting.batch)]);
  }
  return Buffer.concat([Buffer.of(statesKind), serialize(waiting)]);
}

function waitingOf(body: Buffer): Waiting {
  if (body.readUInt8(0) === statesKind) return deserialize(body.subarray(1)) as Waiting;
  const streamEnd = 5 + body.readUInt32LE(1);
  return { kind: 'ticks', streamId: body.toString('utf8', 5, streamEnd), batch: decodeLoggedBatch(body.subarray(streamEnd)) };
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
