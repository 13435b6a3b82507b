import { memoryBatchRows, parseFeedConfig, type AutoConfig, type FeedConfig, type FeedPosition } from '@hindcast/feeds/unattended';

/** Not `simulated/spot`: what is searched beside a live market is told from a market that somebody simulates. */
const memoryMarket = 'simulated/memory';
const memoryName = 'memory';
const hourSeconds = 3_600;

/** What `auto` has become, in one line for the log; undefined while nothing was told. */
export function wordsOfChoice(
  { name, symbols, withinMs, seed, historySeconds }: AutoConfig,
  { nowUs, newest }: FeedPosition,
): { readonly isSimulated: boolean; readonly text: string } | undefined {
  const hours = historySeconds / hourSeconds;
  const which = symbols.join(', ');
  if (nowUs !== undefined) {
    const memory = historySeconds === 0 ? '' : `, with ${hours} hours of it before the start as a memory to search`;
    const text =
      `feed ${name}: no exchange answered within ${withinMs / 1_000} s when it was first started, so ${which} are SIMULATED ` +
      `(market simulated/spot, seed ${seed}${memory}). To wait for live exchanges: HINDCAST_FEED=crypto; for no feed: HINDCAST_FEED=none.`;
    return { isSimulated: true, text };
  }
  if (newest === undefined || newest.size === 0) return undefined;
  const memory =
    historySeconds === 0
      ? ''
      : ` The memory that is searched meanwhile is ${hours} SIMULATED hours (feed ${memoryName}, market ${memoryMarket}); without it: HINDCAST_FEED_HISTORY_HOURS=0.`;
  return { isSimulated: false, text: `feed ${name}: ${which} come live from exchanges.${memory}` };
}

/**
 * What there is to search beside a live market whose own past is not known yet: simulated hours, in a market of their own that
 * says so. It is told once and ends. Undefined where none is wanted.
 */
export function memoryFeed({ symbols, seed, historySeconds }: AutoConfig): FeedConfig | undefined {
  if (historySeconds === 0) return undefined;
  const told = { seed, historySeconds, follows: false, batchRows: memoryBatchRows };
  return parseFeedConfig({ name: memoryName, kind: 'simulator', market: memoryMarket, symbols, ...told });
}
