import { setTimeout as sleep } from 'node:timers/promises';
import {
  createFeed,
  noGaps,
  type Feed,
  type FeedConfig,
  type FeedPosition,
  type FeedSecrets,
  type FeedWorld,
} from '@hindcast/feeds/unattended';
import { emptyQuotes, tradeColumns, type TickBatch } from '@hindcast/market';
import { systemClock } from '@hindcast/ports';
import type { IngestWorld } from '../ingest-world.fixture.js';
import { silentLogger } from '../silent-logger.fixture.js';
import type { Feeds } from './feeds.js';
import { openFeeds } from './open-feeds.js';

const pollMs = 10;

/** None yet, of a service that is put together by hand. */
export function feedsOf({ intake, log, dirs, store }: IngestWorld): Promise<Feeds> {
  const config = { feed: 'none', feedHistoryHours: 0, home: dirs[0] };
  return openFeeds({ config, intake, store, streamId: log.streamId, clock: systemClock, logger: silentLogger, openFeed: openHere });
}

export const world: FeedWorld = {
  clock: systemClock,
  random: () => 0.5,
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
};

/** In this thread: one on sources would have to read every file of them first. */
export const openHere = (config: FeedConfig, secrets: FeedSecrets): Feed => createFeed(config, world, secrets);

/** One trade of a live market, and then silence: what `auto` is where an exchange answers. */
export function liveFeed({ name }: FeedConfig): Feed {
  const timeUs = systemClock.nowUs();
  const row = { timeUs, symbol: 'BTC-USDT', market: 'binance/spot', exchange: '', id: '1', conditions: '', price: 1, size: 1, side: 0 };
  const origin = { source: 'binance', receivedAtUs: timeUs };
  const trades = tradeColumns([{ ...row, position: 0 }], origin);
  const batch: TickBatch = { ...origin, slackUs: 0, trades, quotes: emptyQuotes, marks: [], rejected: [] };
  let position: FeedPosition = {};
  const closed = Promise.withResolvers<void>();
  return {
    name,
    kind: 'crypto',
    status: () => ({
      state: 'live',
      lastMessageUs: timeUs,
      lagMs: 0,
      clockSkewMs: null,
      reconnects: 0,
      gaps: noGaps,
      detail: '',
      symbols: [],
    }),
    position: () => position,
    resume: () => undefined,
    [Symbol.asyncIterator]() {
      const batches = [batch];
      return {
        next: async () => {
          const value = batches.pop();
          if (value === undefined) {
            await closed.promise;
            return { done: true, value };
          }
          position = { newest: new Map([['binance/spot BTC-USDT', { id: '1', timeUs }]]) };
          return { done: false, value };
        },
        return: async () => {
          closed.resolve();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

/** Polls: what a feed brings has no other event. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(pollMs);
}
