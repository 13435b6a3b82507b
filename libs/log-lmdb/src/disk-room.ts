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

/** What a transaction with these bodies may take on the disk, rather too much. */
export function bytesToWrite(bodies: readonly { readonly body: Uint8Array }[]): number {
  return treesBytes + bodies.reduce((sum, { body }) => sum + body.length, 0) * growthOfBodies;
}
