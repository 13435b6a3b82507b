import { hash, timingSafeEqual } from 'node:crypto';
import { usFromIso } from '@hindcast/contracts';
import type { KeyEntry } from './key-file.js';
import type { Right } from './rights.js';

/** A key that is in force. */
export interface Key {
  readonly name: string;
  readonly rights: readonly Right[];
  readonly digest: Buffer;
  /** Infinity where it never expires. */
  readonly expiresUs: number;
}

/** Longer than any key of ours; a longer one is not worth hashing. */
const presentedCharactersMax = 256;

/** The keys of one version of the file. */
export class KeyRing {
  private readonly keys: readonly Key[];

  constructor(entries: readonly KeyEntry[]) {
    this.keys = entries.map(({ name, rights, sha256, expires }) => ({
      name,
      rights,
      digest: Buffer.from(sha256, 'hex'),
      expiresUs: (expires === undefined ? undefined : usFromIso(expires)) ?? Infinity,
    }));
  }

  get size(): number {
    return this.keys.length;
  }

  /** Compares hashes, each in constant time, and goes on after a hit: how long it takes says nothing of any key. */
  find(presented: string): Key | undefined {
    if (presented.length > presentedCharactersMax) return undefined;
    const digest = hash('sha256', presented, 'buffer');
    let found: Key | undefined;
    for (const key of this.keys) {
      if (timingSafeEqual(key.digest, digest)) found = key;
    }
    return found;
  }

  /** The same key in this version of the file. */
  again({ digest }: Key): Key | undefined {
    return this.keys.find((key) => key.digest.equals(digest));
  }
}
