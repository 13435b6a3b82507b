import type { FeedWorld } from '../feed.js';
import { LiveFeed, type LiveFeedOptions } from '../live/live-feed.js';
import type { LiveSource } from '../live/live-session.js';
import { instrumentAt, type MarketType } from '../symbols/unified-symbol.js';
import { VenueSession } from './venue-session.js';
import { venues } from './venues.js';
import type { VenueName } from './venue-names.js';

export interface CryptoSource {
  readonly venue: VenueName;
  readonly marketType: MarketType;
  /** Of this source: `BTC-USD` there may stand in for `BTC-USDT` here. */
  readonly symbol: string;
}

export interface CryptoFeedOptions extends Pick<
  LiveFeedOptions,
  'name' | 'failoverMs' | 'fallbackMs' | 'gapHoldMs' | 'heldMax' | 'rowsMax'
> {
  readonly symbols: readonly { readonly symbol: string; readonly sources: readonly CryptoSource[] }[];
  readonly quotes: boolean;
  readonly silenceMs: number;
  /** For ccxt's constructors, by venue: other addresses, a proxy. */
  readonly ccxt?: Readonly<Partial<Record<VenueName, Readonly<Record<string, unknown>>>>>;
}

/** Live trades and quotes of crypto exchanges, public and without keys, through ccxt. */
export function cryptoFeed({ symbols, quotes, silenceMs, ccxt = {}, ...options }: CryptoFeedOptions, world: FeedWorld): LiveFeed {
  return new LiveFeed(
    {
      ...options,
      kind: 'crypto',
      symbols: symbols.map(({ symbol, sources }) => ({ symbol, sources: sources.map(liveSource) })),
      openSession: (market, events) => {
        const [venue, marketType] = market.split('/') as [VenueName, MarketType];
        return new VenueSession({ venue, marketType, quotes, silenceMs, ccxt: ccxt[venue] ?? {}, world, events });
      },
    },
    world,
  );
}

export function liveSource(source: CryptoSource): LiveSource {
  const { venue } = source;
  return { source: venue, instrument: instrumentAt(venue, source), isCounted: venues[venue].isCounted };
}
