import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import { memoryBatchRows, parseFeedConfig, parseFeedsFile, type FeedConfig, type FeedSecrets } from '@hindcast/feeds/unattended';
import { projectRoot } from '@hindcast/service-kit';

/** What of the configuration is about feeds. */
export interface FeedSettings {
  readonly feed: string;
  readonly feedHistoryHours: number;
  readonly alpacaKeyId?: string | undefined;
  readonly alpacaSecretKey?: string | undefined;
}

/** What HINDCAST_FEED may say beside the path of a file. */
const words = ['none', 'auto', 'simulator', 'crypto'] as const;
type Word = (typeof words)[number];

const hourSeconds = 3_600;

/** The feeds that HINDCAST_FEED asks for. Throws CONFIG_INVALID, which says everything that is wrong with it. */
export function configuredFeeds(settings: FeedSettings): readonly FeedConfig[] {
  const { feed, feedHistoryHours } = settings;
  const secrets = feedSecrets(settings);
  if (isWord(feed)) return feed === 'none' ? [] : [feedOfWord(feed, feedHistoryHours * hourSeconds)];
  const feeds = parseFeedsFile(textOf(feed), feed);
  for (const config of feeds) requireKeys(config, secrets);
  return feeds;
}

export function feedSecrets({ alpacaKeyId, alpacaSecretKey }: FeedSettings): FeedSecrets {
  if ((alpacaKeyId === undefined) !== (alpacaSecretKey === undefined))
    throw new HindcastError('CONFIG_INVALID', 'HINDCAST_ALPACA_KEY_ID and HINDCAST_ALPACA_SECRET_KEY go together: one of them is not set');
  if (alpacaKeyId === undefined || alpacaSecretKey === undefined) return {};
  return { alpaca: { keyId: alpacaKeyId, secretKey: alpacaSecretKey } };
}

/** CONFIG_INVALID where a feed wants keys that are not there: it would fail in its own place, and nobody might look. */
function requireKeys({ name, kind }: FeedConfig, { alpaca }: FeedSecrets): void {
  if (kind !== 'alpaca' || alpaca) return;
  throw new HindcastError(
    'CONFIG_INVALID',
    `HINDCAST_FEED: feed ${name} reads from Alpaca, which wants HINDCAST_ALPACA_KEY_ID and HINDCAST_ALPACA_SECRET_KEY`,
  );
}

function isWord(feed: string): feed is Word {
  return words.some((word) => word === feed);
}

function feedOfWord(word: Exclude<Word, 'none'>, historySeconds: number): FeedConfig {
  switch (word) {
    case 'auto':
      return parseFeedConfig({ name: word, kind: word, historySeconds });
    case 'simulator':
      return parseFeedConfig({ name: word, kind: word, historySeconds, batchRows: memoryBatchRows });
    case 'crypto':
      return parseFeedConfig({ name: word, kind: word });
  }
}

/** A relative path is taken from the project's root, as HINDCAST_HOME is. */
function textOf(path: string): string {
  try {
    return readFileSync(resolve(projectRoot, path), 'utf8');
  } catch (cause) {
    throw new HindcastError(
      'CONFIG_INVALID',
      `HINDCAST_FEED is ${JSON.stringify(path)}: it must be one of ${words.join(', ')}, or the path of a JSON file of feeds (${(cause as Error).message})`,
      { cause },
    );
  }
}
