import { HindcastError } from '@hindcast/contracts';
import { clocksAfter, instrumentKey, instrumentOfKey, type LoggedBatch, type SecondBar } from '@hindcast/market';
import type { PhysicsState } from '@hindcast/physics';
import type {
  Bus,
  BusMessage,
  BusSubscription,
  Clock,
  EmbeddingRow,
  FollowedBatch,
  FollowOptions,
  HashEntry,
  KeyEntry,
  LogBeginning,
  LogFollower,
  VectorFilter,
  VectorQuery,
  VectorSearchResult,
  VectorStore,
} from '@hindcast/ports';
import type { Checkpoints, DueQueue, SavedCheckpoint } from './checkpoint.js';
import type { InstrumentPart } from './instrument-fold.js';
import type { FoldCut } from './market-fold.js';

/** A log in memory that can grow, be trimmed and be replaced by another one while it is followed. */
export class MemoryLog implements LogFollower {
  batches: LoggedBatch[] = [];
  streamId = 'stream-1';
  firstNumber = 1;
  /** What an emptied log held. */
  trimmed: LoggedBatch[] = [];
  checkpoint = -1;
  private grown = Promise.withResolvers<void>();

  append(...batches: readonly LoggedBatch[]): void {
    this.batches.push(...batches);
    this.grown.resolve();
    this.grown = Promise.withResolvers<void>();
  }

  async *follow({ fromNumber, streamId, signal }: FollowOptions): AsyncIterable<FollowedBatch> {
    if (streamId !== undefined && streamId !== this.streamId) throw new HindcastError('STREAM_UNKNOWN');
    const stopped = new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
    for (let number = fromNumber; !signal?.aborted;) {
      if (number < this.firstNumber) throw new HindcastError('NUMBER_TRIMMED', undefined, { details: { first_number: this.firstNumber } });
      const batch = this.batches.find((held) => held.number === number);
      if (!batch) {
        await Promise.race([this.grown.promise, stopped]);
        continue;
      }
      yield { streamId: this.streamId, batch, headNumber: this.batches.at(-1)?.number ?? number };
      number += 1;
    }
  }

  async beginning(): Promise<LogBeginning> {
    const { streamId, firstNumber } = this;
    return { streamId, firstNumber, clocks: clocksAfter([...this.trimmed, ...this.batches.filter(({ number }) => number < firstNumber)]) };
  }

  async reportCheckpoint({ number }: { readonly number: number }): Promise<void> {
    this.checkpoint = number;
  }
}

/** The checkpoint's contract in memory; everything passes through JSON, as it does on disk. */
export class MemoryCheckpoint implements Checkpoints, DueQueue {
  private position: { readonly streamId: string; readonly number: number; readonly states: number } | undefined;
  private readonly parts = new Map<string, string>();
  private readonly bars = new Map<string, SecondBar[]>();
  private readonly due = new Map<string, string>();
  saves = 0;

  load(): SavedCheckpoint | undefined {
    if (!this.position) return undefined;
    const instruments = [...this.parts]
      .map(([key, part]) => ({
        instrument: instrumentOfKey(key),
        part: JSON.parse(part) as InstrumentPart,
        closedBars: [...(this.bars.get(key) ?? [])],
      }))
      .sort((a, b) => a.part.place - b.part.place);
    return { streamId: this.position.streamId, fold: { ...this.position, instruments } };
  }

  async save(streamId: string, cut: FoldCut): Promise<void> {
    this.saves += 1;
    if (cut.anew) {
      this.parts.clear();
      this.bars.clear();
    }
    for (const { instrument, part, closedBars } of cut.instruments) {
      const key = instrumentKey(instrument);
      this.parts.set(key, JSON.stringify(part));
      this.bars.set(key, [...(this.bars.get(key) ?? []), ...closedBars]);
    }
    await this.enqueue(cut.due);
    this.position = { streamId, number: cut.number, states: cut.states };
  }

  forget(): void {
    this.position = undefined;
  }

  get length(): number {
    return this.due.size;
  }

  async enqueue(states: readonly PhysicsState[]): Promise<void> {
    for (const state of states) this.due.set(`${state.timeUs} ${instrumentKey(state)}`, JSON.stringify(state));
  }

  oldest(limit: number): readonly PhysicsState[] {
    const states = [...this.due.values()].map((text) => JSON.parse(text) as PhysicsState);
    return states.sort((a, b) => a.timeUs - b.timeUs || (instrumentKey(a) < instrumentKey(b) ? -1 : 1)).slice(0, limit);
  }

  async remove(states: readonly PhysicsState[]): Promise<void> {
    for (const state of states) {
      const key = `${state.timeUs} ${instrumentKey(state)}`;
      if (this.due.get(key) === JSON.stringify(state)) this.due.delete(key);
    }
  }
}

/** Keeps what it is told; `down` makes every call fail. */
export class MemoryBus implements Bus {
  readonly published: string[] = [];
  readonly keys = new Map<string, string>();
  readonly hashes = new Map<string, HashEntry>();
  down = false;
  private readonly listeners = new Set<() => void>();

  async publish(messages: readonly BusMessage[]): Promise<void> {
    this.requireUp();
    this.published.push(...messages.map(({ payload }) => String(payload)));
  }

  async setKeys(entries: readonly KeyEntry[]): Promise<void> {
    this.requireUp();
    for (const { key, value } of entries) this.keys.set(key, value);
  }

  async setHashes(entries: readonly HashEntry[]): Promise<void> {
    this.requireUp();
    for (const entry of entries) this.hashes.set(entry.key, entry);
  }

  onReconnect(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  reconnect(): void {
    this.down = false;
    for (const listener of this.listeners) listener();
  }

  async subscribe(): Promise<BusSubscription> {
    throw new Error('nobody listens here');
  }

  async getKey(key: string): Promise<string | null> {
    return this.keys.get(key) ?? null;
  }

  async getExpiringKey(): Promise<null> {
    return null;
  }

  async removeKeys(): Promise<number> {
    return 0;
  }

  async getHash(): Promise<null> {
    return null;
  }

  async health() {
    return { up: !this.down };
  }

  async close(): Promise<void> {}

  private requireUp(): void {
    if (this.down) throw new HindcastError('BUS_AWAY');
  }
}

/** Exact search over an array. */
export class MemoryVectors implements VectorStore {
  readonly stored = new Map<string, EmbeddingRow>();
  asked: VectorQuery | undefined;
  failuresLeft = 0;
  upkeeps = 0;

  async ensureTable(): Promise<void> {}

  async upsert(rows: readonly EmbeddingRow[]): Promise<void> {
    if (this.failuresLeft > 0) {
      this.failuresLeft -= 1;
      throw new HindcastError('VECTOR_STORE_AWAY');
    }
    for (const row of rows) this.stored.set(`${row.timeUs} ${instrumentKey(row)}`, row);
  }

  async search(query: VectorQuery): Promise<VectorSearchResult> {
    this.asked = query;
    const { exclude, asOfUs = Infinity, symbols } = query.filter;
    const rows = [...this.stored.values()].filter(
      ({ symbol, timeUs }) =>
        timeUs <= asOfUs &&
        (symbols?.includes(symbol) ?? true) &&
        !(exclude?.symbol === symbol && Math.abs(timeUs - exclude.timeUs) < exclude.seconds * 1_000_000),
    );
    const matches = rows.map(({ vector, ...row }) => ({
      ...row,
      distance: Math.hypot(...vector.map((value, at) => value - query.vector[at])),
    }));
    matches.sort((a, b) => a.distance - b.distance);
    return {
      matches: matches.slice(0, query.k),
      index: null,
      rows: this.stored.size,
      candidates: rows.length,
      exact: true,
      nprobes: null,
      rowsNotIndexed: this.stored.size,
    };
  }

  async *rows({ symbols, market }: VectorFilter = {}) {
    yield [...this.stored.values()].filter((row) => (symbols?.includes(row.symbol) ?? true) && (market ?? row.market) === row.market);
  }

  async optimize(): Promise<void> {
    this.upkeeps += 1;
  }

  async stats() {
    const rows = this.stored.size;
    const none = { index: null, indexType: null, indexSegments: 0, versions: 1, fragments: 1, smallFragments: 1, sizeBytes: 0 };
    return { ...none, rows, rowsNotIndexed: rows, version: 1 };
  }

  async sample(count: number): Promise<readonly Float32Array[]> {
    return [...this.stored.values()].slice(0, count).map(({ vector }) => vector);
  }

  async close(): Promise<void> {}
}

/** Moves on with every look, so that checkpoints come often. */
export class SteppingClock implements Clock {
  private nowTimeUs = 1_700_000_000_000_000;

  constructor(private readonly stepUs: number) {}

  nowUs(): number {
    return (this.nowTimeUs += this.stepUs);
  }
}

/** The same thing until `die`, silence afterwards: what a killed process looks like from outside. */
export function mortal<T extends object>(target: T): { readonly proxy: T; readonly die: () => void } {
  let dead = false;
  const silence = new Promise<never>(() => undefined);
  const proxy = new Proxy(target, {
    get(inner, name) {
      const member = Reflect.get(inner, name, inner) as unknown;
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => (dead ? silence : (member as (...given: unknown[]) => unknown).apply(inner, args));
    },
  });
  return { proxy, die: () => void (dead = true) };
}
