import type { ErrorCode } from '@hindcast/contracts';
import type { TickBatch } from '@hindcast/market';
import type { FeedConfig } from '../config/feeds-config.js';
import type { FeedSecrets } from '../config/feed-factory.js';
import type { FeedKind, FeedPosition, SourceStatus } from '../feed.js';

/** What passes between a feed that is read here and the thread that it runs in. */
export interface FeedThreadData {
  readonly config: FeedConfig;
  readonly secrets: FeedSecrets;
  /** Where a thread before it has stood. */
  readonly position: FeedPosition | undefined;
}

/** A batch may be sent; or the feed is to be closed. */
export type ThreadCommand = { readonly kind: 'next' } | { readonly kind: 'stop' };

export type ThreadReport =
  | { readonly kind: 'batch'; readonly batch: TickBatch; readonly position: FeedPosition }
  | { readonly kind: 'status'; readonly status: SourceStatus; readonly feedKind: FeedKind }
  | { readonly kind: 'ended' }
  /** Undefined code: a bug. */
  | { readonly kind: 'failed'; readonly code: ErrorCode | undefined; readonly message: string };
