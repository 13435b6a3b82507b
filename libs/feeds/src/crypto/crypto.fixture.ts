import { setTimeout as sleep } from 'node:timers/promises';
import { sideNames, textAt, wordAt, type Mark, type TickBatch } from '@hindcast/market';
import { systemClock } from '@hindcast/ports';
import type { FeedWorld } from '../feed.js';
import type { LiveFeed } from '../live/live-feed.js';
import { cryptoFeed, type CryptoFeedOptions, type CryptoSource } from './crypto-feed.js';
import type { FakeExchange } from './fake-exchange.fixture.js';

export const world: FeedWorld = {
  clock: systemClock,
  random: () => 0,
  // Waits are a tenth of what they are, so that a test does not sit out a back-off.
  sleep: (ms, signal) => sleep(ms / 10, undefined, signal ? { signal } : {}),
};

export function sourceOf({ venue, protocol }: FakeExchange): CryptoSource {
  return { venue, marketType: 'spot', symbol: protocol.symbol };
}

export function feedFrom(exchanges: readonly FakeExchange[], overrides: Partial<CryptoFeedOptions> = {}): LiveFeed {
  const options: CryptoFeedOptions = {
    name: 'live',
    symbols: [{ symbol: 'BTC-USDT', sources: exchanges.map(sourceOf) }],
    quotes: true,
    silenceMs: 30_000,
    failoverMs: 500,
    fallbackMs: 500,
    gapHoldMs: 8_000,
    heldMax: 10_000,
    rowsMax: 100_000,
    ccxt: Object.fromEntries(exchanges.map(({ venue, ccxt }) => [venue, ccxt])),
    ...overrides,
  };
  return cryptoFeed(options, world);
}

/** Reads a feed and keeps what it says. */
export class Reading {
  readonly trades: string[] = [];
  readonly quotes: string[] = [];
  readonly marks: Mark[] = [];
  readonly batches: TickBatch[] = [];
  isPaused = false;
  /** What the feed has thrown. */
  readonly failure: Promise<unknown>;
  private readonly iterator: AsyncIterator<TickBatch>;
  private readonly ended: Promise<void>;

  constructor(readonly feed: LiveFeed) {
    this.iterator = feed[Symbol.asyncIterator]();
    const read = this.readAll();
    this.failure = read.then(
      () => undefined,
      (error: unknown) => error,
    );
    this.ended = this.failure.then(() => undefined);
  }

  /** Ids of the trades, each once, in the order in which they came first. */
  get ids(): readonly string[] {
    return [...new Set(this.trades.map((trade) => trade.split(' ')[2]))];
  }

  async stop(): Promise<void> {
    this.isPaused = false;
    await this.iterator.return?.();
    await this.ended;
  }

  private async readAll(): Promise<void> {
    for (;;) {
      if (this.isPaused) await sleep(5);
      else {
        const { done, value } = await this.iterator.next();
        if (done === true) return;
        this.keep(value);
      }
    }
  }

  private keep(batch: TickBatch): void {
    const { trades, quotes, marks } = batch;
    this.batches.push(batch);
    for (let row = 0; row < trades.length; row++) {
      const { market, symbol, id, timeUs, price, size, side } = trades;
      const told = [
        wordAt(market, row),
        wordAt(symbol, row),
        textAt(id, row),
        timeUs[row],
        price[row],
        size[row],
        sideNames[side[row] as 1],
      ];
      this.trades.push(told.join(' '));
    }
    for (let row = 0; row < quotes.length; row++) {
      const { market, symbol, bid, bidSize, ask, askSize } = quotes;
      this.quotes.push([wordAt(market, row), wordAt(symbol, row), bid[row], bidSize[row], ask[row], askSize[row]].join(' '));
    }
    this.marks.push(...marks);
  }
}

/** Polls: what a socket brings has no other event. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}
