import { HindcastError, isoFromUs } from '@hindcast/contracts';
import type { Clock } from '@hindcast/ports';
import { asHindcastError } from '@hindcast/service-kit';
import { withMissed, type Broadcast } from './broadcast.js';
import { CommandRate } from './command-rate.js';
import {
  commandsPerSecondMax,
  errorMessage,
  parseCommand,
  snapshotMessage,
  symbolsMax,
  type OwnMessage,
  type SnapshotReason,
} from './client-messages.js';
import { Conflator, type Delivery } from './conflator.js';
import type { SnapshotSource } from './snapshot-source.js';
import { Subscription, type Selection, type ShownState, type SnapshotRequest } from './subscription.js';

/** Where a subscriber's messages go: a WebSocket or a response that does not end. */
export interface ClientSink {
  readonly transport: 'websocket' | 'sse' | 'grpc';
  /** Whose it is: how many one may have is bounded. */
  readonly address: string;
  send(event: string, payload: Uint8Array | string): void;
  /** Bytes handed over and not yet taken by the network. */
  readonly bufferedBytes: number;
  /** Called whenever the network has taken something. */
  onTaken(listener: () => void): void;
  ping(): void;
  /** When the other side was last known to be there, by `performance.now()`. */
  readonly heardMs: number;
  close(reason: HindcastError): void;
  /** Ends it at once, for one that reads nothing. */
  cut(): void;
}

export interface SessionCounters {
  sent(event: string): void;
  conflated(): void;
}

export interface SessionOptions {
  readonly sink: ClientSink;
  readonly snapshots: SnapshotSource;
  /** The replay that it listens to; undefined for the live market. */
  readonly replay?: string | undefined;
  readonly clock: Clock;
  readonly slowBytes: number;
  /** Symbols of all events together that one may subscribe to. */
  readonly subscriptionsMax: number;
  readonly counters: SessionCounters;
}

const heldMax = 10_000;
const conflated = { waitingMax: 20_000, waitingBytesMax: 16 * 1024 * 1024 };
/** A subscriber that takes nothing while our own answers to it pile up is cut at this many times `slowBytes`. */
const cutFactor = 32;

export interface Backlog {
  /** Messages that wait for room in the sink. */
  readonly messages: number;
  /** In the sink, handed over and not yet taken by the network. */
  readonly bytes: number;
}

/** One subscriber: what it asked for, what it can take, and what waits for it. */
export class ClientSession {
  private readonly subscription: Subscription;
  private readonly conflator = new Conflator(conflated);
  private readonly rate = new CommandRate(commandsPerSecondMax);
  private readonly ending = new AbortController();
  /** Why the next snapshot is needed; undefined while none is under way. */
  private snapshotReason: SnapshotReason | undefined;

  constructor(private readonly options: SessionOptions) {
    this.subscription = new Subscription({ symbolsMax, subscriptionsMax: options.subscriptionsMax, heldMax });
    options.sink.onTaken(() => this.flush());
  }

  get transport(): ClientSink['transport'] {
    return this.options.sink.transport;
  }

  get address(): string {
    return this.options.sink.address;
  }

  /** What it costs us that this subscriber has not taken all yet. */
  get backlog(): Backlog {
    return { messages: this.conflator.size, bytes: this.options.sink.bufferedBytes };
  }

  /** A message of the subscriber, undefined where it is no text; what is wrong with it is answered, and the connection goes on. */
  receive(text: string | undefined): void {
    if (this.closed) return;
    try {
      this.mustBeWithinRate();
      if (text === undefined) throw new HindcastError('BODY_INVALID', 'Send text, not binary messages.');
      const { action, ...selection } = parseCommand(text);
      if (action === 'subscribe') this.subscribe(selection);
      else this.unsubscribe(selection);
    } catch (error) {
      this.say(errorMessage(asHindcastError(error)));
    }
  }

  subscribe(selection: Selection): void {
    this.mustBeTold(selection);
    const request = this.subscription.subscribe(selection);
    this.say({ event: 'SUBSCRIBED', subscriptions: this.subscription.describe() });
    if (request !== undefined) this.needSnapshot(request, 'subscribed');
  }

  /** The bus had a gap: a new snapshot, then updates as before. */
  resync(): void {
    const request = this.subscription.resync();
    if (request !== undefined) this.needSnapshot(request, 'resync');
  }

  /** The replay was moved: a snapshot of where it is now, and nothing more of where it was. */
  restart(): void {
    this.conflator.clear();
    const request = this.subscription.restart();
    if (request !== undefined) this.needSnapshot(request, 'seek');
  }

  offer(broadcast: Broadcast): void {
    if (!this.closed && this.subscription.admits(broadcast)) this.deliver({ broadcast, missed: 0 });
  }

  /** Says that we are here; one that is slow knows it by what it is getting. */
  heartbeat(): void {
    this.options.sink.ping();
    if (!this.isSlow()) this.say({ event: 'HEARTBEAT', timestamp: isoFromUs(this.options.clock.nowUs()) });
  }

  isSilentSince(ms: number): boolean {
    return this.options.sink.heardMs < ms;
  }

  close(reason: HindcastError): void {
    if (this.closed) return;
    this.say(errorMessage(reason));
    this.ending.abort();
    this.options.sink.close(reason);
  }

  cut(): void {
    this.ending.abort();
    this.options.sink.cut();
  }

  /** The other side is gone. */
  ended(): void {
    this.ending.abort();
  }

  /** Something went out that we did not say: an answer of the protocol itself. One that sends and never reads is cut for it. */
  answered(): void {
    if (this.isStuck()) this.cut();
  }

  private get closed(): boolean {
    return this.ending.signal.aborted;
  }

  private mustBeWithinRate(): void {
    if (this.rate.take(performance.now())) return;
    throw new HindcastError(
      'RATE_LIMITED',
      `More than ${commandsPerSecondMax} messages in a second, the most of one socket; this one was not carried out. Name more symbols in each.`,
    );
  }

  private mustBeTold({ events }: Selection): void {
    const event = this.options.replay === undefined ? undefined : events.find((name) => name !== 'PHYSICS_UPDATE');
    if (event === undefined) return;
    throw new HindcastError('SUBSCRIPTION_INVALID', `events: a replay tells PHYSICS_UPDATE and what becomes of it, and no ${event}.`);
  }

  private unsubscribe(selection: Selection): void {
    this.subscription.unsubscribe(selection);
    this.say({ event: 'UNSUBSCRIBED', subscriptions: this.subscription.describe() });
  }

  /** One snapshot of a session is under way at a time; what is needed meanwhile is asked for together when it has come. */
  private needSnapshot(request: SnapshotRequest, reason: SnapshotReason): void {
    const isUnderWay = this.snapshotReason !== undefined;
    if (this.snapshotReason === undefined || this.snapshotReason === 'subscribed') this.snapshotReason = reason;
    if (!isUnderWay) void this.sendSnapshots(request);
  }

  private async sendSnapshots(first: SnapshotRequest): Promise<void> {
    let request: SnapshotRequest | undefined = first;
    while (request !== undefined && !this.closed) {
      const reason: SnapshotReason = this.snapshotReason ?? 'subscribed';
      this.snapshotReason = 'subscribed';
      await this.sendSnapshot(request, reason);
      request = this.subscription.askAgain();
    }
    this.snapshotReason = undefined;
  }

  private async sendSnapshot(request: SnapshotRequest, reason: SnapshotReason): Promise<void> {
    const { snapshots } = this.options;
    try {
      const states = await snapshots.newest(request.symbols, {
        signal: this.ending.signal,
        onAway: (error) => this.say(errorMessage(error)),
      });
      this.complete(request, states, (shown) => snapshotMessage(shown, reason));
    } catch (thrown) {
      const error = asHindcastError(thrown);
      // Nothing will ever come of it.
      if (error.code === 'REPLAY_UNKNOWN') this.close(error);
      else this.complete(request, [], () => errorMessage(error));
    }
  }

  private complete(request: SnapshotRequest, states: readonly ShownState[], message: (shown: readonly ShownState[]) => OwnMessage): void {
    if (this.closed) return;
    const completed = this.subscription.complete(request, states);
    if (completed === undefined) return;
    this.say(message(completed.states));
    this.conflator.discard((broadcast) => this.subscription.isSuperseded(broadcast));
    for (const delivery of completed.released) this.deliver(delivery);
  }

  private isSlow(): boolean {
    return this.conflator.size > 0 || this.options.sink.bufferedBytes > this.options.slowBytes;
  }

  private isStuck(): boolean {
    return this.options.sink.bufferedBytes > this.options.slowBytes * cutFactor;
  }

  private deliver(delivery: Delivery): void {
    if (!this.isSlow()) this.pass(delivery);
    else if (this.conflator.offer(delivery.broadcast, delivery.missed)) this.options.counters.conflated();
  }

  private flush(): void {
    const { sink, slowBytes } = this.options;
    while (!this.closed && sink.bufferedBytes <= slowBytes) {
      const delivery = this.conflator.take();
      if (delivery === undefined) return;
      this.pass(delivery);
    }
  }

  private pass({ broadcast, missed }: Delivery): void {
    this.options.sink.send(broadcast.event, withMissed(broadcast.payload, missed));
    this.options.counters.sent(broadcast.event);
  }

  private say(message: OwnMessage): void {
    if (this.closed) return;
    const { sink, counters, replay } = this.options;
    if (this.isStuck()) {
      this.cut();
      return;
    }
    sink.send(message.event, JSON.stringify(replay === undefined ? message : { ...message, replay }));
    counters.sent(message.event);
  }
}
