import { HindcastError } from '@hindcast/contracts';
import type { Bus, BusSubscription, ReceivedMessage } from '@hindcast/ports';
import type { Logger } from '@hindcast/service-kit';
import type { Audience } from './audience.js';
import type { Broadcast } from './broadcast.js';
import { RepeatFilter } from './repeat-filter.js';

export interface BusReaderCounters {
  received(event: string): void;
  refused(channel: string): void;
  repeated(): void;
  resynced(reason: string): void;
}

export interface BusReaderOptions {
  readonly bus: Bus;
  readonly channels: readonly string[];
  /** Undefined for what is no message of the channel. */
  readonly parse: (channel: string, payload: Uint8Array) => Broadcast | undefined;
  readonly audience: Audience;
  readonly logger: Logger;
  readonly counters: BusReaderCounters;
  readonly signal: AbortSignal;
}

const queueMax = 50_000;
const retryMs = 500;
const resyncPauseMs = 1_000;
/** Sockets are written between slices: in one go, a burst would make every subscriber look slow. */
const sliceMessagesMax = 200;

/** Reads the bus and passes on; wherever messages may have been lost, everybody gets a new snapshot. */
export class BusReader {
  private readonly filter = new RepeatFilter();
  private listening = false;
  private isAway = false;
  private droppedSeen = 0;
  private resyncedMs = -resyncPauseMs;

  constructor(private readonly options: BusReaderOptions) {}

  get isListening(): boolean {
    return this.listening;
  }

  /** Runs until the signal; resolves then. */
  async run(): Promise<void> {
    const { bus, channels, signal, logger } = this.options;
    const forgetReconnects = bus.onReconnect(() => this.resync('bus reconnected'));
    while (!signal.aborted) {
      try {
        await this.read(await bus.subscribe(channels, { queueMax }));
      } catch (error) {
        if (!(error instanceof HindcastError) || !error.retry) throw error;
        if (!this.isAway) logger.warn({ err: error, retryMs }, 'bus cannot be read; it is tried until it can');
        this.isAway = true;
        await pause(retryMs, signal);
      }
    }
    forgetReconnects();
  }

  private async read(subscription: BusSubscription): Promise<void> {
    const { signal } = this.options;
    const close = (): void => void subscription.close();
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) close();
    this.listening = true;
    this.isAway = false;
    this.droppedSeen = 0;
    // Whoever came before we listened may have missed something.
    this.resync('bus subscribed');
    let messages = 0;
    for await (const message of subscription) {
      this.watchDropped(subscription.dropped);
      this.pass(message);
      messages += 1;
      if (messages % sliceMessagesMax === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    this.listening = false;
    signal.removeEventListener('abort', close);
  }

  /** While more comes than can be read, a snapshot for every lost message would only make it worse. */
  private watchDropped(dropped: number): void {
    if (dropped === this.droppedSeen || performance.now() - this.resyncedMs < resyncPauseMs) return;
    this.droppedSeen = dropped;
    this.resync('messages dropped');
  }

  private pass({ channel, payload }: ReceivedMessage): void {
    const { audience, counters, parse } = this.options;
    const broadcast = parse(channel, payload);
    if (broadcast === undefined) {
      counters.refused(channel);
      return;
    }
    counters.received(broadcast.event);
    const { key, timeUs, run } = broadcast;
    const novelty =
      key === undefined || timeUs === undefined ? 'new' : this.filter.judge(run === undefined ? key : `${run} ${key}`, timeUs);
    if (novelty === 'repeat') counters.repeated();
    else {
      if (novelty === 'reset') this.resync('publisher started anew');
      audience.offer(broadcast);
    }
  }

  private resync(reason: string): void {
    this.filter.forget();
    this.resyncedMs = performance.now();
    this.options.counters.resynced(reason);
    this.options.logger.info({ reason }, 'every subscriber gets a new snapshot');
    this.options.audience.resync();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
