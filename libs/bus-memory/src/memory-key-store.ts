import type { Clock, ExpiringValue } from '@hindcast/ports';

type Content = string | ReadonlyMap<string, string>;

interface Entry {
  readonly content: Content;
  readonly expiresUs: number | undefined;
  readonly bytes: number;
}

const secondUs = 1_000_000;

/**
 * Keys with a time to live, in bounded memory: beyond `bytesMax` the least recently used go first, as Redis does with
 * `allkeys-lru`. A Map keeps the order of insertion, so a key that is used is put in anew and the first is the oldest.
 */
export class MemoryKeyStore {
  private readonly entries = new Map<string, Entry>();
  private bytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly bytesMax: number,
  ) {}

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
  return 2 * texts.reduce((length, text) => length + text.length, key.length);
}
