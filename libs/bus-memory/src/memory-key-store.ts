import type { Clock, ExpiringValue } from '@hindcast/ports';

type Content = string | ReadonlyMap<string, string>;

interface Entry {
  readonly content: Content;
  readonly expiresUs: number | undefined;
  readonly bytes: number;
}

const secondUs = 1_000_000;
/** What a key costs beside its texts: its place in the map, its entry, the heads of its strings. */
const keyOverheadBytes = 160;
/** Likewise a field of a hash. */
const fieldOverheadBytes = 80;
/** Keys looked at for each one that is written: those that expired and that nobody asked for go within a few rounds. */
const expiryLooks = 2;

export interface KeyStatistics {
  readonly keys: number;
  readonly keyBytes: number;
  readonly keyBytesMax: number;
  /** Keys that went because memory was short. */
  readonly evictedKeys: number;
}

/**
 * Keys with a time to live, in bounded memory: beyond `bytesMax` the least recently used go first, as Redis does with
 * `allkeys-lru`. A Map keeps the order of insertion, so a key that is used is put in anew and the first is the oldest.
 */
export class MemoryKeyStore {
  private readonly entries = new Map<string, Entry>();
  private bytes = 0;
  private evicted = 0;
  private looking: Iterator<string> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly bytesMax: number,
  ) {}

  statistics(): KeyStatistics {
    return { keys: this.entries.size, keyBytes: this.bytes, keyBytesMax: this.bytesMax, evictedKeys: this.evicted };
  }

  setString(key: string, value: string, ttlSeconds?: number): void {
    this.put(key, value, this.expiry(ttlSeconds));
  }

  /** Changes the named fields only; null removes one, and the key goes with its last field. */
  mergeHash(key: string, fields: Readonly<Record<string, string | number | null>>, ttlSeconds?: number): void {
    const old = this.live(key);
    if (typeof old?.content === 'string') throw new Error(`${key} holds a string, not a hash`);
    const merged = new Map(old?.content);
    for (const [field, value] of Object.entries(fields)) {
      if (value === null) merged.delete(field);
      else merged.set(field, String(value));
    }
    if (merged.size === 0) this.remove(key);
    else this.put(key, merged, ttlSeconds === undefined ? old?.expiresUs : this.expiry(ttlSeconds));
  }

  getString(key: string): string | null {
    const content = this.used(key);
    if (content !== undefined && typeof content !== 'string') throw new Error(`${key} holds a hash, not a string`);
    return content ?? null;
  }

  getExpiring(key: string): ExpiringValue | null {
    const value = this.getString(key);
    if (value === null) return null;
    const expiresUs = this.entries.get(key)?.expiresUs;
    return { value, ttlSeconds: expiresUs === undefined ? null : Math.ceil((expiresUs - this.clock.nowUs()) / secondUs) };
  }

  /** True where there was one. */
  delete(key: string): boolean {
    const existed = this.live(key) !== undefined;
    this.remove(key);
    return existed;
  }

  getHash(key: string): Readonly<Record<string, string>> | null {
    const content = this.used(key);
    if (typeof content === 'string') throw new Error(`${key} holds a string, not a hash`);
    return content === undefined ? null : Object.fromEntries(content);
  }

  private expiry(ttlSeconds: number | undefined): number | undefined {
    return ttlSeconds === undefined ? undefined : this.clock.nowUs() + ttlSeconds * secondUs;
  }

  private live(key: string): Entry | undefined {
    const entry = this.entries.get(key);
    if (entry?.expiresUs === undefined || this.clock.nowUs() < entry.expiresUs) return entry;
    this.remove(key);
    return undefined;
  }

  private used(key: string): Content | undefined {
    const entry = this.live(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.content;
  }

  private put(key: string, content: Content, expiresUs: number | undefined): void {
    this.remove(key);
    const bytes = sizeOf(key, content);
    this.entries.set(key, { content, expiresUs, bytes });
    this.bytes += bytes;
    for (const oldest of this.entries.keys()) {
      if (this.bytes <= this.bytesMax) break;
      this.remove(oldest);
      this.evicted += 1;
    }
    this.lookForExpired();
  }

  /** A little of it with each write, as Redis does now and then: keys that nobody reads any more must not stay for ever. */
  private lookForExpired(): void {
    for (let looks = 0; looks < expiryLooks; looks += 1) {
      this.looking ??= this.entries.keys();
      const next = this.looking.next();
      if (next.done === true) this.looking = undefined;
      else this.live(next.value);
    }
  }

  private remove(key: string): void {
    this.bytes -= this.entries.get(key)?.bytes ?? 0;
    this.entries.delete(key);
  }
}

/** Two bytes a character, as strings are at most held. */
function sizeOf(key: string, content: Content): number {
  const texts = typeof content === 'string' ? [content] : [...content].flat();
  const fields = typeof content === 'string' ? 0 : content.size;
  return keyOverheadBytes + fields * fieldOverheadBytes + 2 * texts.reduce((length, text) => length + text.length, key.length);
}
