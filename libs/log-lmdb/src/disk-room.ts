import { statfsSync } from 'node:fs';

/** Bytes that are free on the disk of a folder; Infinity where the file system does not say. */
export function freeBytesOf(dir: string): number {
  try {
    const { bavail, bsize, blocks } = statfsSync(dir);
    return blocks === 0 ? Infinity : bavail * bsize;
  } catch {
    // Then the write itself finds out.
    return Infinity;
  }
}

/** Pages of lmdb's trees that any transaction writes anew. */
const treesBytes = 1 << 20;
/** Pages are whole, and those that hold a batch are not the only ones that change with it. */
const growthOfBodies = 2;

/** What a transaction that puts so many bytes may take on the disk, rather too much. */
export function bytesToWrite(bodyBytes: number): number {
  return treesBytes + bodyBytes * growthOfBodies;
}

/**
 * Why a transaction is not to be tried, undefined where it may be: lmdb 3.5.6 writes its message of a full disk beyond the
 * buffer that it has for it, which may end the process.
 */
export function whyNoRoom(freeBytes: number, bytes: number): string | undefined {
  if (freeBytes >= bytes) return undefined;
  return `its disk has no room, ${freeBytes} bytes are free and up to ${bytes} are wanted`;
}
