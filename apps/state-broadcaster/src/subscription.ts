import { HindcastError, usFromIso } from '@hindcast/contracts';
import { instrumentKey, streamEvents, type Broadcast, type StreamEvent } from './broadcast.js';
import type { Delivery } from './conflator.js';

/** Every symbol, those not yet seen included. */
export const allSymbols = '*';

export interface Selection {
  readonly events: readonly StreamEvent[];
  /** Symbols, or `*`. */
  readonly symbols: readonly string[];
}

/** What a snapshot is to be made of. The answer belongs to this request and to no later one. */
export interface SnapshotRequest {
  readonly ticket: number;
  readonly symbols: readonly string[];
}

/** What is sent, in this order. */
export interface CompletedSnapshot {
  readonly states: readonly ShownState[];
  /** Updates that were held back and are newer than the states. */
  readonly released: readonly Delivery[];
}

/** A state of market-physics: what is read here, and the rest as it came. */
export interface ShownState {
  readonly symbol: string;
  readonly market: string;
  readonly timestamp: string;
  readonly [field: string]: unknown;
}

export interface SubscriptionLimits {
  /** Symbols an event. */
  readonly symbolsMax: number;
  /** Symbols of all events together. */
  readonly subscriptionsMax: number;
  /** Updates held back while a snapshot is on its way. */
  readonly heldMax: number;
}

/**
 * What one subscriber wants, and how it gets there without a hole or a repetition: from the moment it asks, updates of
 * the new symbols are held back; the snapshot is taken after that moment; what was held and is not in it follows. The
 * caller is already listening to the bus when it calls `subscribe`, and that makes it exact. Knows no socket and no clock.
 */
export class Subscription {
  private readonly wanted = new Map<StreamEvent, Set<string>>();
  /** Symbols (or `*`) whose snapshot is on its way, and the newest request that asked for it. */
  private readonly awaiting = new Map<string, number>();
  /** Times of the snapshot, by instrument, until the first newer update has passed. */
  private readonly floors = new Map<string, number>();
  private held: Broadcast[] = [];
  private heldLost = 0;
  private tickets = 0;

  constructor(private readonly limits: SubscriptionLimits) {}

  /** Returns which snapshot is needed. SUBSCRIPTIONS_FULL where there would be too many; nothing changes then. */
  subscribe({ events, symbols }: Selection): SnapshotRequest | undefined {
    const unions = new Map(this.wanted);
    for (const event of events) unions.set(event, new Set([...(this.wanted.get(event) ?? []), ...symbols]));
    this.mustBeWithinLimits(unions);
    for (const [event, union] of unions) this.wanted.set(event, union);
    return events.includes('PHYSICS_UPDATE') ? this.await(symbols) : undefined;
  }

  /** Removing `*` removes every symbol; a single one cannot be taken out of all. */
  unsubscribe({ events, symbols }: Selection): void {
    for (const event of events) {
      const wanted = this.wanted.get(event);
      if (wanted === undefined) continue;
      if (symbols.includes(allSymbols)) wanted.clear();
      else if (wanted.has(allSymbols)) {
        throw new HindcastError(
          'SUBSCRIPTION_INVALID',
          `symbols: ${event} is subscribed for all; unsubscribe "*", then subscribe to what is left.`,
        );
      }
      for (const symbol of symbols) wanted.delete(symbol);
      if (wanted.size === 0) this.wanted.delete(event);
    }
    this.forgetUnwanted();
  }

  /** After a gap on the bus: everything wanted is asked for anew. */
  resync(): SnapshotRequest | undefined {
    const symbols = this.wanted.get('PHYSICS_UPDATE');
    return symbols === undefined ? undefined : this.await([...symbols]);
  }

  /** What was told before holds no more, as after a seek: everything wanted is asked for anew, and nothing older is released. */
  restart(): SnapshotRequest | undefined {
    this.held = [];
    this.heldLost = 0;
    this.floors.clear();
    return this.resync();
  }

  /** Everything whose snapshot is still to come, asked for anew in one request: whatever was asked before is void. */
  askAgain(): SnapshotRequest | undefined {
    return this.awaiting.size === 0 ? undefined : this.await([...this.awaiting.keys()]);
  }

  /** True where the message is to be sent now. What has to wait for a snapshot is kept here. */
  admits(broadcast: Broadcast): boolean {
    if (!this.wants(broadcast)) return false;
    if (broadcast.event === 'TRADE_SIGNAL' || broadcast.event === 'TICK_STORED') return true;
    if (this.isAwaiting(broadcast)) {
      this.hold(broadcast);
      return false;
    }
    return this.isAboveFloor(broadcast);
  }

  /**
   * The answer to a request has come. Undefined where nobody waits for it any more: a later request is on its way, or
   * the symbols were unsubscribed meanwhile.
   */
  complete({ ticket, symbols }: SnapshotRequest, answer: readonly ShownState[]): CompletedSnapshot | undefined {
    const covered = new Set(symbols.filter((symbol) => this.awaiting.get(symbol) === ticket));
    if (covered.size === 0) return undefined;
    for (const symbol of covered) this.awaiting.delete(symbol);
    const states = answer.filter(({ symbol }) => covered.has(symbol) || covered.has(allSymbols));
    for (const { symbol, market, timestamp } of states) {
      const timeUs = usFromIso(timestamp);
      if (timeUs !== undefined) this.floors.set(instrumentKey(symbol, market), timeUs);
    }
    return { states, released: this.release() };
  }

  /** True where a snapshot has made the update needless. */
  isSuperseded({ event, key, timeUs }: Broadcast): boolean {
    const floor = event === 'PHYSICS_UPDATE' ? this.floors.get(key ?? '') : undefined;
    return floor !== undefined && timeUs !== undefined && timeUs <= floor;
  }

  describe(): Readonly<Partial<Record<StreamEvent, readonly string[]>>> {
    const known = streamEvents.filter((event) => this.wanted.has(event));
    return Object.fromEntries(known.map((event) => [event, [...(this.wanted.get(event) ?? [])]]));
  }

  private mustBeWithinLimits(wanted: ReadonlyMap<StreamEvent, ReadonlySet<string>>): void {
    const { symbolsMax, subscriptionsMax } = this.limits;
    let subscriptions = 0;
    for (const [event, { size }] of wanted) {
      subscriptions += size;
      if (size <= symbolsMax) continue;
      throw new HindcastError('SUBSCRIPTIONS_FULL', `symbols: ${size} for ${event}, at most ${symbolsMax} are allowed, or "*" for all.`);
    }
    if (subscriptions <= subscriptionsMax) return;
    throw new HindcastError(
      'SUBSCRIPTIONS_FULL',
      `symbols: ${subscriptions} of all events together, at most ${subscriptionsMax} are allowed, or "*" for all.`,
    );
  }

  private await(symbols: readonly string[]): SnapshotRequest {
    this.tickets += 1;
    for (const symbol of symbols) this.awaiting.set(symbol, this.tickets);
    return { ticket: this.tickets, symbols };
  }

  private wants({ event, symbol }: Broadcast): boolean {
    if (event === 'REPLAY_CHANGED') return this.wanted.size > 0;
    const symbols = this.wanted.get(event);
    if (symbols === undefined) return false;
    return symbol === undefined || symbols.has(symbol) || symbols.has(allSymbols);
  }

  /** What is told of a replay keeps its place among the updates. */
  private isAwaiting({ event, symbol }: Broadcast): boolean {
    if (event === 'REPLAY_CHANGED') return this.awaiting.size > 0;
    return this.awaiting.has(allSymbols) || (symbol !== undefined && this.awaiting.has(symbol));
  }

  private isAboveFloor(broadcast: Broadcast): boolean {
    if (this.isSuperseded(broadcast)) return false;
    if (broadcast.key !== undefined) this.floors.delete(broadcast.key);
    return true;
  }

  private hold(broadcast: Broadcast): void {
    this.held.push(broadcast);
    if (this.held.length <= this.limits.heldMax) return;
    this.held.shift();
    this.heldLost += 1;
  }

  private release(): readonly Delivery[] {
    const held = this.held;
    this.held = held.filter((broadcast) => this.isAwaiting(broadcast));
    const released = held.filter((broadcast) => !this.isAwaiting(broadcast) && this.wants(broadcast) && this.isAboveFloor(broadcast));
    return released.map((broadcast) => {
      const missed = this.heldLost;
      this.heldLost = 0;
      return { broadcast, missed };
    });
  }

  private forgetUnwanted(): void {
    const symbols = this.wanted.get('PHYSICS_UPDATE');
    for (const symbol of this.awaiting.keys()) {
      if (!symbols?.has(symbol)) this.awaiting.delete(symbol);
    }
    this.held = this.held.filter((broadcast) => this.wants(broadcast));
    if (symbols === undefined) this.floors.clear();
  }
}
