import {
  defaultQueueMax,
  SubscriptionQueue,
  type Bus,
  type BusHealth,
  type BusMessage,
  type BusSubscription,
  type ExpiringValue,
  type HashEntry,
  type KeyEntry,
  type SubscribeOptions,
} from '@hindcast/ports';
import type { ChainableCommander } from 'ioredis';
import { RedisConnection } from './redis-connection.js';

export interface RedisBusOptions {
  readonly url: string;
  /** Who this is, for `CLIENT LIST`: `market-physics`. */
  readonly name?: string;
  readonly answerMaxMs?: number;
  readonly inFlightBytesMax?: number;
}

const defaultAnswerMaxMs = 2_000;
const defaultInFlightBytesMax = 64 * 1024 * 1024;
const commandOverheadBytes = 64;
const millisecondsOfSecond = 1_000;

/** Two connections, because one that subscribes can do nothing else. */
export class RedisBus implements Bus {
  private readonly publisher: RedisConnection;
  private readonly subscriber: RedisConnection;
  private readonly readers = new Map<string, Set<SubscriptionQueue>>();
  private readonly reconnectListeners = new Set<() => void>();
  private interrupted = false;
  private subscriberListens = false;

  private constructor({ url, name = 'hindcast', ...limits }: RedisBusOptions) {
    const { answerMaxMs = defaultAnswerMaxMs, inFlightBytesMax = defaultInFlightBytesMax } = limits;
    const options = { url, answerMaxMs, inFlightBytesMax };
    this.publisher = new RedisConnection({ ...options, name: `${name}:publish` });
    this.subscriber = new RedisConnection({ ...options, name: `${name}:subscribe` });
    this.watchConnections();
    this.subscriber.client.on('messageBuffer', (channel: Buffer, payload: Buffer) => this.received(channel.toString(), payload));
  }

  /** Resolves after the first attempt to connect, even one that failed: a service starts without Redis and says so in health. */
  static async open(options: RedisBusOptions): Promise<RedisBus> {
    const bus = new RedisBus(options);
    await Promise.all([bus.publisher.attempted(), bus.subscriber.attempted()]);
    return bus;
  }

  async publish(messages: readonly BusMessage[]): Promise<void> {
    await this.inOneTrip(
      messages,
      ({ payload }) => payload.length,
      (pipeline, { channel, payload }) => {
        pipeline.publish(channel, typeof payload === 'string' ? payload : asBuffer(payload));
      },
    );
  }

  async subscribe(channels: readonly string[], { queueMax = defaultQueueMax }: SubscribeOptions = {}): Promise<BusSubscription> {
    const queue: SubscriptionQueue = new SubscriptionQueue(queueMax, () => this.release(channels, queue));
    for (const channel of channels) {
      const readers = this.readers.get(channel) ?? new Set();
      this.readers.set(channel, readers.add(queue));
    }
    try {
      // Sent even where another reader has the channel: when this is answered, so is whatever was sent before it.
      await this.subscriber.send((client) => client.subscribe(...channels));
    } catch (error) {
      await queue.close();
      throw error;
    }
    return queue;
  }

  async setKeys(entries: readonly KeyEntry[]): Promise<void> {
    await this.inOneTrip(
      entries,
      ({ key, value }) => key.length + value.length,
      (pipeline, { key, value, ttlSeconds }) => {
        if (ttlSeconds === undefined) pipeline.set(key, value);
        else pipeline.set(key, value, 'EX', ttlSeconds);
      },
    );
  }

  /** One transaction, so that no hash is ever seen half changed or left without its time to live. */
  async setHashes(entries: readonly HashEntry[]): Promise<void> {
    await this.inOneTrip(entries, ({ fields }) => Object.keys(fields).length * commandOverheadBytes, changeHash, 'multi');
  }

  async getKey(key: string): Promise<string | null> {
    return this.publisher.send((client) => client.get(key));
  }

  async getExpiringKey(key: string): Promise<ExpiringValue | null> {
    const [value, ttlMs] = (await this.publisher.pipeline(key.length, (commands) => commands.get(key).pttl(key), 'multi')) as [
      string | null,
      number,
    ];
    return value === null ? null : { value, ttlSeconds: ttlMs < 0 ? null : Math.ceil(ttlMs / millisecondsOfSecond) };
  }

  async removeKeys(keys: readonly string[]): Promise<number> {
    return keys.length === 0 ? 0 : this.publisher.send((client) => client.del(...keys));
  }

  async getHash(key: string): Promise<Readonly<Record<string, string>> | null> {
    const fields = await this.publisher.send((client) => client.hgetall(key));
    return Object.keys(fields).length === 0 ? null : fields;
  }

  async health(): Promise<BusHealth> {
    try {
      const info = await this.publisher.send((client) => client.info('server'));
      const version = /^(?:valkey|redis)_version:(\S+)/m.exec(info)?.[1];
      const detail = this.subscriber.ready ? undefined : 'the subscribing connection is away';
      return { up: detail === undefined, ...(version && { version }), ...(detail && { detail }) };
    } catch (error) {
      return { up: false, detail: (error as Error).message };
    }
  }

  onReconnect(listener: () => void): () => void {
    this.reconnectListeners.add(listener);
    return () => this.reconnectListeners.delete(listener);
  }

  async close(): Promise<void> {
    this.publisher.close();
    this.subscriber.close();
    const open = new Set([...this.readers.values()].flatMap((readers) => [...readers]));
    await Promise.all([...open].map((reader) => reader.close()));
  }

  private async inOneTrip<T>(
    entries: readonly T[],
    sizeOf: (entry: T) => number,
    command: (pipeline: ChainableCommander, entry: T) => void,
    mode: 'plain' | 'multi' = 'plain',
  ): Promise<void> {
    if (entries.length === 0) return;
    const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry) + commandOverheadBytes, 0);
    await this.publisher.pipeline(bytes, (pipeline) => entries.forEach((entry) => command(pipeline, entry)), mode);
  }

  private received(channel: string, payload: Uint8Array): void {
    for (const reader of this.readers.get(channel) ?? []) reader.push({ channel, payload });
  }

  private async release(channels: readonly string[], queue: SubscriptionQueue): Promise<void> {
    const unread: string[] = [];
    for (const channel of channels) {
      const readers = this.readers.get(channel);
      if (!readers?.delete(queue) || readers.size > 0) continue;
      this.readers.delete(channel);
      unread.push(channel);
    }
    if (unread.length === 0 || !this.subscriber.ready) return;
    // A connection that breaks now takes the subscription with it, which is what was wanted.
    await this.subscriber.send((client) => client.unsubscribe(...unread)).catch(() => undefined);
  }

  /** A reconnect is announced when both connections are back and the channels are heard again, not before. */
  private watchConnections(): void {
    this.publisher.client.on('close', () => (this.interrupted = true));
    this.subscriber.client.on('close', () => {
      this.interrupted = true;
      this.subscriberListens = false;
    });
    this.publisher.client.on('ready', () => this.announceReconnect());
    this.subscriber.client.on('ready', () => void this.listenAgain());
  }

  private async listenAgain(): Promise<void> {
    const channels = [...this.readers.keys()];
    try {
      if (channels.length > 0) await this.subscriber.send((client) => client.subscribe(...channels));
    } catch {
      // The connection broke again, or hangs: either way it is made anew, and this is called once more.
      this.subscriber.client.disconnect(true);
      return;
    }
    this.subscriberListens = true;
    this.announceReconnect();
  }

  private announceReconnect(): void {
    if (!this.interrupted || !this.publisher.ready || !this.subscriberListens) return;
    this.interrupted = false;
    for (const listener of this.reconnectListeners) listener();
  }
}

function changeHash(pipeline: ChainableCommander, { key, fields, ttlSeconds }: HashEntry): void {
  const set = Object.entries(fields).filter((field): field is [string, string | number] => field[1] !== null);
  const removed = Object.keys(fields).filter((field) => fields[field] === null);
  // Written here, because ioredis writes large numbers in its own way.
  if (set.length > 0) pipeline.hset(key, ...set.flatMap(([field, value]) => [field, String(value)]));
  if (removed.length > 0) pipeline.hdel(key, ...removed);
  if (ttlSeconds !== undefined) pipeline.expire(key, ttlSeconds);
}

/** The same bytes as ioredis wants them, not a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
