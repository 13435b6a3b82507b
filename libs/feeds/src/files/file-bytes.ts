import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { HindcastError } from '@hindcast/contracts';
import { unpacked } from './zip-entry.js';

export type FileShape = 'zip' | 'gzip' | 'parquet' | 'arrow file' | 'arrow stream' | 'plain' | 'empty';

const beginnings: readonly (readonly [FileShape, readonly number[]])[] = [
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['gzip', [0x1f, 0x8b]],
  ['parquet', [0x50, 0x41, 0x52, 0x31]],
  ['arrow file', [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31]],
  ['arrow stream', [0xff, 0xff, 0xff, 0xff]],
];

/** What a file is by its first bytes, whatever its name says. */
export async function shapeOf(path: string): Promise<FileShape> {
  const file = await open(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(8), 0, 8, 0);
    if (bytesRead === 0) return 'empty';
    return beginnings.find(([, bytes]) => bytesRead >= bytes.length && bytes.every((byte, at) => buffer[at] === byte))?.[0] ?? 'plain';
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    await file.close();
  }
}

/** The text in a file, unpacked piece by piece. A packed file that ends too early or is damaged is BODY_INVALID. */
export async function* textBytes(path: string, shape: FileShape): AsyncGenerator<Uint8Array> {
  if (shape === 'zip') yield* unpacked(path);
  else {
    const raw = createReadStream(path, { highWaterMark: 262_144 });
    const stream = shape === 'gzip' ? raw.pipe(createGunzip({ chunkSize: 262_144 })) : raw;
    raw.on('error', (error) => stream.destroy(error));
    try {
      for await (const piece of stream) yield piece as Uint8Array;
    } catch (cause) {
      throw unreadable(path, cause);
    } finally {
      stream.destroy();
      raw.destroy();
    }
  }
}

export function unreadable(path: string, cause: unknown): HindcastError {
  if (cause instanceof HindcastError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const cutOff = reason.includes('unexpected end of file') ? ': it is cut off' : '';
  return new HindcastError('BODY_INVALID', `${path} cannot be read${cutOff} (${reason}).`, { cause });
}
