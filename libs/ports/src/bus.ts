/**
 * Channels and keys for everybody else. Publishing is at-most-once and may lose: nothing of ours depends on it to be
 * complete. Every call batches: one round trip, in the given order; calls keep the order in which they were made, whether or not
 * one waits for the one before.
 */
export interface Bus {
  publish(messages: readonly BusMessage[]): Promise<void>;
  /** Messages of the channels from the moment the returned promise resolves; closing the iterator unsubscribes. */
  subscribe(channels: readonly string[], options?: SubscribeOptions): Promise<BusSubscription>;
  setKeys(entries: readonly KeyEntry[]): Promise<void>;
  setHashes(entries: readonly HashEntry[]): Promise<void>;
  getKey(key: string): Promise<string | null>;
  /** With how long it still lives; read as one, so that the two belong together. */
  getExpiringKey(key: string): Promise<ExpiringValue | null>;
  /** Returns how many there were. */
  removeKeys(keys: readonly string[]): Promise<number>;
  getHash(key: string): Promise<Readonly<Record<string, string>> | null>;
  health(): Promise<BusHealth>;
  /** Called after each reconnect, so that keys can be written anew. Returns how to stop being called. */
  onReconnect(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface BusMessage {
  readonly channel: string;
  readonly payload: string | Uint8Array;
}

export interface SubscribeOptions {
  /** Messages held for a slow reader; the oldest are dropped beyond it. 10,000 by default. */
  readonly queueMax?: number;
}

export interface BusSubscription extends AsyncIterable<ReceivedMessage> {
  /** Messages dropped because the reader was slow. */
  readonly dropped: number;
  close(): Promise<void>;
}

export interface ReceivedMessage {
  readonly channel: string;
  readonly payload: Uint8Array;
}

export interface KeyEntry {
  readonly key: string;
  readonly value: string;
  readonly ttlSeconds?: number;
}

export interface ExpiringValue {
  readonly value: string;
  /** Whole seconds, rounded up; null for a key that does not expire. */
  readonly ttlSeconds: number | null;
}

export interface HashEntry {
  readonly key: string;
  /** A field set to null is removed. */
  readonly fields: Readonly<Record<string, string | number | null>>;
  readonly ttlSeconds?: number;
}

export interface BusHealth {
  readonly up: boolean;
  readonly version?: string;
  readonly detail?: string;
}
