import { HindcastError } from '@hindcast/contracts';
import {
  defaultQueueMax,
  SubscriptionQueue,
  systemClock,
  type Bus,
  type BusHealth,
  type BusMessage,
  type BusSubscription,
  type Clock,
  type ExpiringValue,
  type HashEntry,
  type KeyEntry,
  type SubscribeOptions,
} from '@hindcast/ports';
import { MemoryKeyStore, type KeyStatistics } from './memory-key-store.js';

export interface MemoryBusOptions {
  /** Decides when keys expire. */
  readonly clock?: Clock;
  readonly keyBytesMax?: number;
}

/** As much as Redis is given. */
const defaultKeyBytesMax = 256 * 1024 * 1024;

const utf8 = new TextEncoder();

export class MemoryBus implements Bus {
  private readonly keys: MemoryKeyStore;
  private readonly readers = new Map<string, Set<SubscriptionQueue>>();
  private closed = false;

  constructor({ clock = systemClock, keyBytesMax = defaultKeyBytesMax }: MemoryBusOptions = {}) {
    this.keys = new MemoryKeyStore(clock, keyBytesMax);
  }

  async publish(messages: readonly BusMessage[]): Promise<void> {
    this.mustBeOpen();
    for (const { channel, payload } of messages) {
      const readers = this.readers.get(channel);
      if (readers === undefined) continue;
      // A copy: what its publisher does with the bytes afterwards is not the readers' business.
      const bytes = typeof payload === 'string' ? utf8.encode(payload) : payload.slice();
      for (const reader of readers) reader.push({ channel, payload: bytes });
    }
  }

  async subscribe(channels: readonly string[], { queueMax = defaultQueueMax }: SubscribeOptions = {}): Promise<BusSubscription> {
    this.mustBeOpen();
    const queue: SubscriptionQueue = new SubscriptionQueue(queueMax, () => this.release(channels, queue));
    for (const channel of channels) {
      const readers = this.readers.get(channel) ?? new Set();
      this.readers.set(channel, readers.add(queue));
    }
    return queue;
  }

  async setKeys(entries: readonly KeyEntry[]): Promise<void> {
    this.mustBeOpen();
    for (const { key, value, ttlSeconds } of entries) this.keys.setString(key, value, ttlSeconds);
  }

  async setHashes(entries: readonly HashEntry[]): Promise<void> {
    this.mustBeOpen();
    for (const { key, fields, ttlSeconds } of entries) this.keys.mergeHash(key, fields, ttlSeconds);
  }

  async getKey(key: string): Promise<string | null> {
    this.mustBeOpen();
    return this.keys.getString(key);
  }

  async getExpiringKey(key: string): Promise<ExpiringValue | null> {
    this.mustBeOpen();
    return this.keys.getExpiring(key);
  }

  async removeKeys(keys: readonly string[]): Promise<number> {
    this.mustBeOpen();
    return keys.filter((key) => this.keys.delete(key)).length;
  }

  async getHash(key: string): Promise<Readonly<Record<string, string>> | null> {
    this.mustBeOpen();
    return this.keys.getHash(key);
  }

  statistics(): KeyStatistics & { readonly subscriptions: number } {
    return { ...this.keys.statistics(), subscriptions: this.subscriptions().size };
  }

  async health(): Promise<BusHealth> {
    return this.closed ? { up: false, detail: 'closed' } : { up: true, version: 'in-process' };
  }

  /** There is no connection to lose. */
  onReconnect(): () => void {
    return () => undefined;
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.subscriptions()].map((reader) => reader.close()));
  }

  /** One that reads several channels is one. */
  private subscriptions(): ReadonlySet<SubscriptionQueue> {
    return new Set([...this.readers.values()].flatMap((readers) => [...readers]));
  }

  private release(channels: readonly string[], queue: SubscriptionQueue): void {
    for (const channel of channels) {
      const readers = this.readers.get(channel);
      readers?.delete(queue);
      if (readers?.size === 0) this.readers.delete(channel);
    }
  }

  private mustBeOpen(): void {
    if (this.closed) throw new HindcastError('BUS_AWAY', 'The bus was closed.');
  }
}
