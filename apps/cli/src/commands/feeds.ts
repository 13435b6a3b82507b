import { readFile } from 'node:fs/promises';
import { HindcastError, isoFromUs, usFromIso, type FeedFacts, type FeedsFacts } from '@hindcast/contracts';
import { parseFeedConfig, parseFeedsFile } from '@hindcast/feeds/unattended';
import { present } from '@hindcast/service-kit/caller';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { duration, whole } from '../format/quantities.js';
import { table } from '../format/table.js';
import { parseList } from '../replay/replay-arguments.js';
import { findServices } from '../services.js';
import type { Terminal } from '../terminal.js';

export interface AddFeedOptions {
  readonly name?: string;
  readonly symbols?: string;
  readonly seed?: string;
  readonly market?: string;
  readonly history?: string;
  readonly sources?: string;
  readonly tape?: string;
  readonly file?: string;
}

export async function showFeeds({ json, print, note }: Terminal): Promise<ExitCode> {
  const services = await findServices({ note });
  const facts = await services.feeds();
  print(json ? JSON.stringify(facts) : feedsText(facts));
  return exitCodes.ok;
}

/** All of a file's feeds, or one by its options. What was added before one is refused stays added. */
export async function addFeeds(kind: string | undefined, options: AddFeedOptions, { json, print, note }: Terminal): Promise<ExitCode> {
  const wanted = await wantedFeeds(kind, options);
  const services = await findServices({ note });
  const feeds: FeedFacts[] = [];
  for (const feed of wanted) feeds.push(await services.addFeed(feed));
  print(json ? JSON.stringify({ feeds }) : feedsText({ feeds }));
  return exitCodes.ok;
}

export async function controlFeed(name: string, action: 'start' | 'stop', { json, print, note }: Terminal): Promise<ExitCode> {
  const services = await findServices({ note });
  const feed = await services.controlFeed(name, action);
  print(json ? JSON.stringify(feed) : feedsText({ feeds: [feed] }));
  return exitCodes.ok;
}

export async function removeFeed(name: string, { json, print, note }: Terminal): Promise<ExitCode> {
  const services = await findServices({ note });
  const removed = await services.removeFeed(name);
  print(json ? JSON.stringify(removed) : `${removed.feed} is removed; what it has brought stays`);
  return exitCodes.ok;
}

/** What is sent to the service, looked at here first: a fault of a file is told with its place in it. */
export async function wantedFeeds(kind: string | undefined, options: AddFeedOptions): Promise<readonly object[]> {
  const { file, ...fields } = options;
  if ((kind === undefined) === (file === undefined))
    throw new HindcastError('FIELD_INVALID', 'Name a kind of feed (simulator, crypto, alpaca, auto), or a file with --file.');
  if (file !== undefined) {
    const text = await textOf(file);
    parseFeedsFile(text, file);
    return (JSON.parse(text) as { readonly feeds: readonly object[] }).feeds;
  }
  const feed = feedOf(String(kind), fields);
  parseFeedConfig(feed);
  return [feed];
}

function feedOf(kind: string, { name = kind, symbols, seed, market, history, sources, tape }: Omit<AddFeedOptions, 'file'>): object {
  const named = symbols === undefined ? undefined : parseList(symbols).map((symbol) => symbol.toUpperCase());
  if (sources !== undefined && named === undefined)
    throw new HindcastError('FIELD_INVALID', '--sources says where --symbols come from: name them too.');
  return present({
    name,
    kind,
    symbols: sources === undefined ? named : named?.map((symbol) => ({ symbol, sources: parseList(sources) })),
    seed: seed === undefined ? undefined : wholeOf('seed', seed),
    market,
    historySeconds: history === undefined ? undefined : secondsOf(history),
    tape,
  });
}

function wholeOf(option: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new HindcastError('FIELD_INVALID', `--${option} ${text}: allowed is a whole number.`);
  return Number(text);
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `90s`, `30m`, `4h`, `7d`. */
function secondsOf(text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count === undefined) throw new HindcastError('FIELD_INVALID', `--history ${text}: allowed is as 90s, 30m, 4h or 7d.`);
  return Number(count) * unitSeconds[unit];
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new HindcastError('FIELD_INVALID', `--file ${file} cannot be read: ${(cause as Error).message}.`, { cause });
  }
}

const columns = [
  { title: 'feed' },
  { title: 'kind' },
  { title: 'state' },
  { title: 'last message' },
  { title: 'lag', align: 'right' as const },
  { title: 'trades', align: 'right' as const },
  { title: 'quotes', align: 'right' as const },
  { title: 'duplicate', align: 'right' as const },
  { title: 'rejected', align: 'right' as const },
  { title: 'refused', align: 'right' as const },
  { title: 'gaps (lost)', align: 'right' as const },
  { title: 'reconnects', align: 'right' as const },
];

export function feedsText({ feeds }: FeedsFacts): string {
  if (feeds.length === 0) return 'no feed is there: `hindcast feeds add simulator`, or HINDCAST_FEED';
  return [table(columns, feeds.map(cells)), ...feeds.flatMap(notesOf)].join('\n');
}

function cells(feed: FeedFacts): readonly string[] {
  const { gaps, rows } = feed;
  const lastUs = feed.last_message === null ? undefined : usFromIso(feed.last_message);
  return [
    feed.name,
    feed.simulated ? `${feed.kind}, SIMULATED` : feed.kind,
    feed.state,
    lastUs === undefined ? '-' : isoFromUs(Math.floor(lastUs / 1_000_000) * 1_000_000),
    feed.lag_ms === null ? '-' : duration(feed.lag_ms / 1_000),
    whole(rows.trades),
    whole(rows.quotes),
    whole(rows.duplicate),
    whole(rows.rejected),
    whole(rows.refused),
    `${whole(gaps.found)} (${whole(gaps.lost)})`,
    whole(feed.reconnects + feed.restarts),
  ];
}

/** Where each symbol comes from, and what is odd. */
function notesOf({ name, detail, symbols }: FeedFacts): readonly string[] {
  const from = symbols.map(({ symbol, active }) => `${symbol} from ${active ?? 'nobody'}`);
  const notes = [detail, from.join(', ')].filter((note) => note !== '');
  return notes.length === 0 ? [] : [`${name}: ${notes.join('; ')}`];
}
