import fc from 'fast-check';
import type { Broadcast } from './broadcast.js';
import { Subscription, type CompletedSnapshot, type SnapshotRequest } from './subscription.js';
import { broadcastOf, secondOf, state } from './update.fixture.js';

const limits = { symbolsMax: 3, subscriptionsMax: 5, heldMax: 100 };

function subscribed(symbols: readonly string[]): { readonly subscription: Subscription; readonly request: SnapshotRequest } {
  const subscription = new Subscription(limits);
  const request = subscription.subscribe({ events: ['PHYSICS_UPDATE'], symbols });
  return { subscription, request: request! };
}

function seconds(completed: CompletedSnapshot | undefined): readonly number[] {
  return completed!.released.map(({ broadcast }) =>
    secondOf((JSON.parse(Buffer.from(broadcast.payload).toString()) as { timestamp: string }).timestamp),
  );
}

describe('a subscription', () => {
  it('holds updates back until the snapshot, then gives those that are newer', () => {
    const { subscription, request } = subscribed(['SPY']);
    for (const second of [1, 2, 3, 4]) expect(subscription.admits(broadcastOf('SPY', second))).toBe(false);
    expect(seconds(subscription.complete(request, [state('SPY', 2)]))).toEqual([3, 4]);
    expect(subscription.admits(broadcastOf('SPY', 5))).toBe(true);
  });

  it('drops what the snapshot has and the bus brings later', () => {
    const { subscription, request } = subscribed(['SPY']);
    expect(subscription.complete(request, [state('SPY', 3)])).toEqual({ states: [state('SPY', 3)], released: [] });
    expect([2, 3, 4].map((second) => subscription.admits(broadcastOf('SPY', second)))).toEqual([false, false, true]);
  });

  it('lets the symbols that it has go on while a new one waits', () => {
    const { subscription, request } = subscribed(['SPY']);
    subscription.complete(request, []);
    const second = subscription.subscribe({ events: ['PHYSICS_UPDATE'], symbols: ['IBM'] })!;
    expect(subscription.admits(broadcastOf('SPY', 1))).toBe(true);
    expect(subscription.admits(broadcastOf('IBM', 1))).toBe(false);
    expect(seconds(subscription.complete(second, []))).toEqual([1]);
  });

  it('waits for the newest snapshot that was asked for', () => {
    const { subscription, request } = subscribed(['SPY']);
    const resync = subscription.resync()!;
    subscription.admits(broadcastOf('SPY', 5));
    expect(subscription.complete(request, [state('SPY', 1)])).toBeUndefined();
    expect(subscription.admits(broadcastOf('SPY', 6))).toBe(false);
    expect(seconds(subscription.complete(resync, [state('SPY', 5)]))).toEqual([6]);
  });

  it('takes every symbol with *, also those that nobody had named', () => {
    const { subscription, request } = subscribed(['*']);
    subscription.admits(broadcastOf('NEW', 1));
    expect(seconds(subscription.complete(request, [state('SPY', 1)]))).toEqual([1]);
    expect(subscription.admits(broadcastOf('SPY', 1))).toBe(false);
    expect(subscription.admits(broadcastOf('SPY', 2))).toBe(true);
  });

  it('wants of each event its own symbols, and needs a snapshot for states only', () => {
    const subscription = new Subscription(limits);
    expect(subscription.subscribe({ events: ['TRADE_SIGNAL', 'TICK_STORED'], symbols: ['SPY'] })).toBeUndefined();
    const signal = (symbol: string): Broadcast => ({
      event: 'TRADE_SIGNAL',
      symbol,
      key: undefined,
      timeUs: undefined,
      payload: new Uint8Array(),
    });
    expect(subscription.admits(signal('SPY'))).toBe(true);
    expect(subscription.admits(signal('IBM'))).toBe(false);
    expect(subscription.admits({ ...signal('SPY'), event: 'TICK_STORED', symbol: undefined })).toBe(true);
    expect(subscription.admits(broadcastOf('SPY', 1))).toBe(false);
    expect(subscription.resync()).toBeUndefined();
    expect(subscription.describe()).toEqual({ TRADE_SIGNAL: ['SPY'], TICK_STORED: ['SPY'] });
  });

  it('ends with unsubscribing, also while a snapshot is on its way', () => {
    const { subscription, request } = subscribed(['SPY', 'IBM']);
    subscription.admits(broadcastOf('SPY', 1));
    subscription.admits(broadcastOf('IBM', 1));
    subscription.unsubscribe({ events: ['PHYSICS_UPDATE'], symbols: ['SPY'] });
    const completed = subscription.complete(request, [state('SPY', 1), state('IBM', 0)]);
    expect(completed).toMatchObject({ states: [{ symbol: 'IBM' }], released: [{ broadcast: { symbol: 'IBM' } }] });
    expect(subscription.admits(broadcastOf('SPY', 2))).toBe(false);
    subscription.unsubscribe({ events: ['PHYSICS_UPDATE'], symbols: ['*'] });
    expect(subscription.describe()).toEqual({});
  });

  it('cannot take one symbol out of all', () => {
    const { subscription } = subscribed(['*']);
    expect(() => subscription.unsubscribe({ events: ['PHYSICS_UPDATE'], symbols: ['SPY'] })).toThrow('unsubscribe "*"');
  });

  it('is bounded: too many symbols change nothing, and what is held beyond the bound is counted as missed', () => {
    const { subscription, request } = subscribed(['A', 'B']);
    expect(() => subscription.subscribe({ events: ['PHYSICS_UPDATE'], symbols: ['C', 'D'] })).toThrow('4 for PHYSICS_UPDATE, at most 3');
    const more = { events: ['TRADE_SIGNAL', 'TICK_STORED'], symbols: ['A', 'B'] } as const;
    expect(() => subscription.subscribe(more)).toThrow('6 of all events together, at most 5');
    expect(subscription.describe()).toEqual({ PHYSICS_UPDATE: ['A', 'B'] });
    for (let second = 1; second <= limits.heldMax + 5; second += 1) subscription.admits(broadcastOf('A', second));
    const { released } = subscription.complete(request, [])!;
    expect(released).toHaveLength(limits.heldMax);
    expect(released[0]).toMatchObject({ missed: 5 });
    expect(released[1]).toMatchObject({ missed: 0 });
  });

  it('has neither hole nor repetition, whenever it is asked for, answered and asked again', () => {
    const step = fc.constantFrom('state', 'state', 'deliver', 'deliver', 'ask', 'take', 'answer');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const world = new World();
        for (const name of steps) {
          world[name]();
          expect(world.received).toEqual(world.expected().slice(0, world.received.length));
        }
        world.settle();
        expect(world.received).toEqual(world.expected());
      }),
      { numRuns: 500 },
    );
  });
});

/**
 * market-physics makes states and publishes them, the bus brings them later but in order, and the subscriber asks and
 * is answered at any moment in between. What it shows is right when after each snapshot every later second follows.
 */
class World {
  readonly received: number[] = [];
  private readonly subscription = new Subscription(limits);
  private readonly onTheBus: number[] = [];
  private readonly requests: { readonly request: SnapshotRequest; taken?: number }[] = [];
  private newest = 0;
  private first: number | undefined;

  state(): void {
    this.newest += 1;
    this.onTheBus.push(this.newest);
  }

  deliver(): void {
    const second = this.onTheBus.shift();
    if (second !== undefined && this.subscription.admits(broadcastOf('SPY', second))) this.received.push(second);
  }

  /** The first time it subscribes, later it is told to begin anew, also before it was answered. */
  ask(): void {
    const subscribe = () => this.subscription.subscribe({ events: ['PHYSICS_UPDATE'], symbols: ['SPY'] });
    const request = this.subscription.resync() ?? subscribe();
    if (request) this.requests.push({ request });
  }

  take(): void {
    const waiting = this.requests.find(({ taken }) => taken === undefined);
    if (waiting) waiting.taken = this.newest;
  }

  answer(): void {
    const { request, taken } = this.requests[0] ?? {};
    if (request === undefined || taken === undefined) return;
    this.requests.shift();
    const completed = this.subscription.complete(request, taken === 0 ? [] : [state('SPY', taken)]);
    if (completed === undefined) return;
    // A later snapshot begins a new run of seconds.
    this.received.length = 0;
    this.first = taken;
    this.received.push(...seconds(completed));
  }

  /** Everything that was asked is answered, and everything published arrives. */
  settle(): void {
    while (this.requests.length > 0) {
      this.take();
      this.answer();
    }
    while (this.onTheBus.length > 0) this.deliver();
  }

  /** Every second after the newest snapshot, and nothing before there is one. */
  expected(): readonly number[] {
    const { first } = this;
    return first === undefined ? [] : Array.from({ length: this.newest - first }, (_, index) => first + 1 + index);
  }
}
