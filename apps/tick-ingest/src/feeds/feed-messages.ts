import { HindcastError, usFromIso, type FeedFacts } from '@hindcast/contracts';

/** `AddFeedRequest` of tick_ingest.proto. */
export interface AddFeedRequest {
  readonly feedJson: string;
}

/** `FeedRequest` of tick_ingest.proto. */
export interface FeedRequest {
  readonly feed: string;
}

/** What a feed's configuration may be, as text. */
const feedCharactersMax = 1_048_576;

/** The body of `POST /v1/feeds`. BODY_INVALID where it is no JSON. */
export function addedFeed({ feedJson }: AddFeedRequest): unknown {
  if (feedJson.length > feedCharactersMax)
    throw new HindcastError('BATCH_TOO_LARGE', `feed_json has ${feedJson.length} characters; at most ${feedCharactersMax} are allowed`);
  try {
    return JSON.parse(feedJson) as unknown;
  } catch (cause) {
    throw new HindcastError('BODY_INVALID', `feed_json is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** `Feed` of tick_ingest.proto. */
export function feedMessage(facts: FeedFacts) {
  const { last_message: last, lag_ms: lagMs, clock_skew_ms: clockSkewMs, gaps, rows, symbols, ...same } = facts;
  const lastMessageUs = last === null ? undefined : usFromIso(last);
  return {
    ...same,
    ...(lastMessageUs === undefined ? {} : { lastMessageUs }),
    ...(lagMs === null ? {} : { lagMs }),
    ...(clockSkewMs === null ? {} : { clockSkewMs }),
    gaps: { ...gaps },
    rows: { ...rows },
    symbols: symbols.map(({ symbol, active, failovers }) => ({ symbol, failovers, ...(active === null ? {} : { active }) })),
  };
}
