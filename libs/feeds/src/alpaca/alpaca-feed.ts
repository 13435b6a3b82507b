import type { FeedWorld } from '../feed.js';
import type { LiveSource } from '../live/live-session.js';
import { LiveFeed, type LiveFeedOptions } from '../live/live-feed.js';
import type { AlpacaTape } from './alpaca-messages.js';
import { AlpacaSession, type AlpacaKeys } from './alpaca-session.js';

export interface AlpacaFeedOptions extends Pick<LiveFeedOptions, 'name' | 'gapHoldMs' | 'heldMax' | 'rowsMax'> {
  readonly symbols: readonly string[];
  readonly tape: AlpacaTape;
  readonly quotes: boolean;
  readonly silenceMs: number;
  readonly streamUrl: string;
  readonly dataUrl: string;
}

/** There is one source, so nothing fails over. */
const never = { failoverMs: 3_600_000, fallbackMs: 0 };

/** Live trades and quotes of US stocks from Alpaca: `usa/equity` + `SPY`, ids as Alpaca gives them, the exchange a letter. */
export function alpacaFeed(options: AlpacaFeedOptions, keys: AlpacaKeys, world: FeedWorld): LiveFeed {
  const { name, gapHoldMs, heldMax, rowsMax, symbols, ...session } = options;
  return new LiveFeed(
    {
      ...{ name, gapHoldMs, heldMax, rowsMax },
      ...never,
      kind: 'alpaca',
      symbols: symbols.map((symbol) => ({ symbol, sources: [alpacaSource(symbol)] })),
      openSession: (_, events) => new AlpacaSession({ ...session, keys, world, events }),
    },
    world,
  );
}

export function alpacaSource(symbol: string): LiveSource {
  return { source: 'alpaca', instrument: { market: 'usa/equity', symbol }, isCounted: false };
}
