import { HindcastError, isoFromUs } from '@hindcast/contracts';
import { clocksAfter, instrumentKey, instrumentOfKey, type Instrument, type LoggedBatch, type SecondBar } from '@hindcast/market';
import type { PhysicsState, StateMode } from '@hindcast/physics';
import type {
  BarRow,
  Bus,
  BusMessage,
  BusSubscription,
  Clock,
  EmbeddingRow,
  FollowedBatch,
  FollowOptions,
  HashEntry,
  InstrumentSummary,
  KeyEntry,
  LogBeginning,
  LogFollower,
  StateRow,
  TickRange,
  TickStore,
  VectorFilter,
  VectorQuery,
  VectorSearchResult,
  VectorStore,
} from '@hindcast/ports';
import { tradeColumnsOf, tradeRowsOf, type TradeRow } from '@hindcast/testing';
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

type UsedStore = Pick<
  TickStore,
  'bars' | 'instruments' | 'newestStates' | 'newestTrades' | 'resumeSuspended' | 'states' | 'trades' | 'writeStates' | 'health' | 'close'
>;

/** What a tick store does for this service: (time, sequence) order, small pieces, states replaced by key. */
export class MemoryTickStore implements UsedStore {
  readonly tradeRows: TradeRow[] = [];
  readonly stateRows = new Map<string, StateRow>();
  writes = 0;
  /** Failures that the next writes meet. */
  failuresLeft = 0;
  pieceRows = 7;

  resumeSuspended(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  add(batches: readonly LoggedBatch[]): void {
    for (const { trades } of batches) this.tradeRows.push(...tradeRowsOf(trades));
    this.tradeRows.sort((a, b) => a.timeUs - b.timeUs || a.sequence - b.sequence);
  }

  async *trades({ market, symbol, fromUs, toUs }: TickRange) {
    const rows = this.tradeRows.filter(
      (row) => row.market === market && row.symbol === symbol && row.timeUs >= fromUs && row.timeUs < toUs,
    );
    for (let from = 0; from < rows.length; from += this.pieceRows) yield tradeColumnsOf(rows.slice(from, from + this.pieceRows));
  }

  /** No test of this service looks at bars; those of what reads them have their own. */
  async *bars(): AsyncIterable<readonly BarRow[]> {
    yield [];
  }

  async instruments({ symbol, market }: Partial<Instrument> = {}): Promise<readonly InstrumentSummary[]> {
    const rows = this.tradeRows.filter((row) => (symbol ?? row.symbol) === row.symbol && (market ?? row.market) === row.market);
    const byKey = Map.groupBy(rows, (row) => instrumentKey(row));
    return [...byKey].map(([key, rows]) => ({
      ...instrumentOfKey(key),
      table: 'trades',
      firstUs: rows[0].timeUs,
      lastUs: rows[rows.length - 1].timeUs,
      firstSequence: Math.min(...rows.map(({ sequence }) => sequence)),
      rows: rows.length,
      days: [...Map.groupBy(rows, ({ timeUs }) => isoFromUs(timeUs).slice(0, 10))].map(([day, of]) => ({
        day,
        rows: of.length,
        firstUs: of[0].timeUs,
        lastUs: of[of.length - 1].timeUs,
      })),
    }));
  }

  async newestTrades({ market, symbol }: Instrument, { late, limit }: { readonly late: boolean; readonly limit: number }) {
    const rows = this.tradeRows.filter((row) => row.market === market && row.symbol === symbol && row.late === late);
    return rows.sort((a, b) => b.sequence - a.sequence).slice(0, limit);
  }

  async writeStates(states: readonly PhysicsState[], mode: StateMode): Promise<void> {
    await Promise.resolve();
    if (this.failuresLeft > 0) {
      this.failuresLeft -= 1;
      throw new HindcastError('STORE_AWAY');
    }
    this.writes += 1;
    for (const state of states) this.stateRows.set(`${state.timeUs} ${instrumentKey(state)}`, { ...state, mode });
  }

  async *states({ market, symbol, fromUs, toUs }: TickRange) {
    yield this.sorted().filter((row) => row.market === market && row.symbol === symbol && row.timeUs >= fromUs && row.timeUs < toUs);
  }

  async newestStates({ symbols, market, asOfUs = Infinity }: Parameters<TickStore['newestStates']>[0] = {}): Promise<readonly StateRow[]> {
    const rows = this.sorted().filter(
      (row) => row.timeUs <= asOfUs && (symbols?.includes(row.symbol) ?? true) && (market ?? row.market) === row.market,
    );
    return [...new Map(rows.map((row) => [instrumentKey(row), row])).values()];
  }

  sorted(): StateRow[] {
    return [...this.stateRows.values()].sort((a, b) => a.timeUs - b.timeUs || (instrumentKey(a) < instrumentKey(b) ? -1 : 1));
  }

  /** Without the mode, to be compared with what a fold makes. */
  bits(): PhysicsState[] {
    return this.sorted().map(({ mode: _mode, ...state }) => state);
  }

  async health() {
    return { up: true, suspendedTables: [], missingTables: [], changedColumns: [] };
  }

  async close(): Promise<void> {}
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
