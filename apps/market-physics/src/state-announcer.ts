import { channels, marketSnapshotTtlSeconds, redisKeys, secondUs, type MarketSnapshot } from '@hindcast/contracts';
import { toPhysicsStateJson, toPhysicsUpdate, type PhysicsState } from '@hindcast/physics';
import type { Bus, BusMessage, Clock, HashEntry, KeyEntry } from '@hindcast/ports';
import { Backlog } from './backlog.js';

/** What one piece of the log has to tell everybody else. */
export interface Announcement {
  /** In the order in which they are to be published. */
  readonly states: readonly PhysicsState[];
  /** The states that drive `physics:state:{symbol}`: those of each symbol's primary market, oldest first. */
  readonly keyed: readonly PhysicsState[];
  /** By symbol. */
  readonly snapshots: ReadonlyMap<string, MarketSnapshot>;
  /** When the door received what these states came from. */
  readonly receivedAtUs?: number;
  readonly number?: number;
}

export interface AnnouncerEvents {
  published(messages: number): void;
  /** From the receipt of a batch to the publication of the last of its states. */
  latency?(seconds: number): void;
  /** The states of a batch are published. */
  told?(number: number, offeredAtUs: number): void;
  failed(error: unknown, messages: number): void;
}

/** A batch whose states are on their way. */
interface Receipt {
  readonly through: number;
  readonly receivedAtUs: number;
  readonly number: number;
  readonly offeredAtUs: number;
}

interface ShownSnapshot {
  readonly snapshot: MarketSnapshot;
  readonly shownAtUs: number;
}

/** Updates that may wait for a slow bus; beyond it the fold waits with them. */
const updatesWaitingMax = 20_000;
const updatesAtOnceMax = 2_000;
/**
 * Snapshots change with every tick and are read by eyes: written after every batch of a busy feed, they were most of what
 * Redis did, and states waited behind them.
 */
const snapshotIntervalMs = 100;

/**
 * Tells the bus: keys first, then the messages about them, in order. What piles up during one round trip leaves with
 * the next; snapshots go a way of their own, and less often. The bus carries copies: what it fails to take is counted and
 * dropped, and after a reconnect every key is written anew.
 */
export class StateAnnouncer {
  private readonly newest = new Map<string, PhysicsState>();
  private readonly snapshots = new Map<string, ShownSnapshot>();
  private readonly symbolsToSet = new Set<string>();
  private readonly snapshotsToSet = new Set<string>();
  private readonly updates: Backlog<PhysicsState>;
  /** Receipts of what waits, each with the count of states at which its own have all been told. */
  private receipts: Receipt[] = [];
  private offeredCount = 0;
  private toldCount = 0;
  private readonly pictures: Backlog<never>;
  private readonly stopListening: () => void;

  constructor(
    private readonly bus: Bus,
    private readonly clock: Clock,
    private readonly events: AnnouncerEvents,
  ) {
    this.updates = new Backlog({ waitingMax: updatesWaitingMax, atOnceMax: updatesAtOnceMax, drain: (states) => this.tell(states) });
    this.pictures = new Backlog({ waitingMax: 1, atOnceMax: 1, restMs: snapshotIntervalMs, drain: () => this.showSnapshots() });
    this.stopListening = bus.onReconnect(() => this.writeKeysAnew());
  }

  /** Resolves when there is room for more; never rejects. */
  async offer({ states, keyed, snapshots, receivedAtUs, number = 0 }: Announcement): Promise<void> {
    for (const state of keyed) this.remember(state);
    const shownAtUs = this.clock.nowUs();
    for (const [symbol, snapshot] of snapshots) {
      this.snapshots.set(symbol, { snapshot, shownAtUs });
      this.snapshotsToSet.add(symbol);
    }
    this.offeredCount += states.length;
    if (states.length > 0 && receivedAtUs !== undefined)
      this.receipts.push({ through: this.offeredCount, receivedAtUs, number, offeredAtUs: shownAtUs });
    if (snapshots.size > 0) this.pictures.wake();
    if (states.length > 0) await this.updates.offer(states);
  }

  /** States that everybody could know already: keys are set, nothing is published. */
  restore(states: readonly PhysicsState[]): void {
    for (const state of states) this.remember(state);
    this.updates.wake();
  }

  async close(): Promise<void> {
    this.stopListening();
    await Promise.all([this.updates.close(), this.pictures.close()]);
  }

  private remember(state: PhysicsState): void {
    this.newest.set(state.symbol, state);
    this.symbolsToSet.add(state.symbol);
  }

  private writeKeysAnew(): void {
    for (const symbol of this.newest.keys()) this.symbolsToSet.add(symbol);
    for (const symbol of this.snapshots.keys()) this.snapshotsToSet.add(symbol);
    this.updates.wake();
    this.pictures.wake();
  }

  private async tell(states: readonly PhysicsState[]): Promise<void> {
    const keys = [...this.symbolsToSet].map((symbol) => this.newest.get(symbol)).filter((state) => state !== undefined);
    this.symbolsToSet.clear();
    try {
      // The bus keeps the order of calls: to wait for the keys first would cost each message a round trip.
      await Promise.all([this.bus.setKeys(keys.map(stateKey)), this.bus.publish(states.map(updateMessage))]);
      this.events.published(states.length);
      this.told(states.length, true);
    } catch (error) {
      this.events.failed(error, states.length);
      this.told(states.length, false);
    }
  }

  private told(states: number, isPublished: boolean): void {
    this.toldCount += states;
    const done = this.receipts.findIndex(({ through }) => through > this.toldCount);
    const receipts = this.receipts.splice(0, done < 0 ? this.receipts.length : done);
    if (!isPublished) return;
    for (const { receivedAtUs, number, offeredAtUs } of receipts) {
      this.events.latency?.((this.clock.nowUs() - receivedAtUs) / 1_000_000);
      this.events.told?.(number, offeredAtUs);
    }
  }

  private async showSnapshots(): Promise<void> {
    const hashes = this.snapshotEntries();
    this.snapshotsToSet.clear();
    try {
      if (hashes.length > 0) await this.bus.setHashes(hashes);
    } catch (error) {
      this.events.failed(error, 0);
    }
  }

  /** A snapshot lives for its time to live from the tick that made it, however often its key is written. */
  private snapshotEntries(): HashEntry[] {
    const nowUs = this.clock.nowUs();
    const entries: HashEntry[] = [];
    for (const [symbol, { snapshot, shownAtUs }] of this.snapshots) {
      if (!this.snapshotsToSet.has(symbol)) continue;
      const ttlSeconds = marketSnapshotTtlSeconds - Math.max(0, Math.floor((nowUs - shownAtUs) / secondUs));
      if (ttlSeconds > 0) entries.push({ key: redisKeys.marketSnapshot(symbol), fields: snapshotFields(snapshot), ttlSeconds });
      else this.snapshots.delete(symbol);
    }
    return entries;
  }
}

function stateKey(state: PhysicsState): KeyEntry {
  return { key: redisKeys.physicsState(state.symbol), value: JSON.stringify(toPhysicsStateJson(state)) };
}

function updateMessage(state: PhysicsState): BusMessage {
  return { channel: channels.stateUpdate, payload: JSON.stringify(toPhysicsUpdate(state)) };
}

function snapshotFields({ price, volume, bid, ask, timestamp, market }: MarketSnapshot): HashEntry['fields'] {
  return { price, volume, bid: bid ?? null, ask: ask ?? null, timestamp, market };
}
