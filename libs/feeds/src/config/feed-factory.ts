import { HindcastError, secondUs } from '@hindcast/contracts';
import { alpacaFeed, alpacaSource } from '../alpaca/alpaca-feed.js';
import type { AlpacaKeys } from '../alpaca/alpaca-session.js';
import { cryptoFeed, liveSource, type CryptoFeedOptions } from '../crypto/crypto-feed.js';
import type { Feed, FeedWorld } from '../feed.js';
import type { LiveSource } from '../live/live-session.js';
import { originUs } from '../simulator/hour-walk.js';
import { simulatedSymbol } from '../simulator/simulated-symbol.js';
import { simulatorFeed } from '../simulator/simulator-feed.js';
import { StandInFeed } from '../running/stand-in-feed.js';
import { parseFeedConfig, type AutoConfig, type FeedConfig, type SimulatorConfig } from './feeds-config.js';

/** What feeds need and no file of feeds should hold. */
export interface FeedSecrets {
  readonly alpaca?: AlpacaKeys | undefined;
  /** For ccxt's constructors, by venue: other addresses, a proxy. */
  readonly ccxt?: CryptoFeedOptions['ccxt'];
}

/** A feed as its configuration asks for; nothing is opened before it is read. */
export function createFeed(config: FeedConfig, world: FeedWorld, secrets: FeedSecrets = {}): Feed {
  switch (config.kind) {
    case 'simulator':
      return simulatorOf(config, world);
    case 'crypto':
      return cryptoFeed({ ...config, ...(secrets.ccxt && { ccxt: secrets.ccxt }) }, world);
    case 'alpaca':
      return alpacaFeed(config, alpacaKeys(config.name, secrets), world);
    case 'auto':
      return autoFeed(config, world, secrets);
  }
}

/** What a live feed may bring, and who gives the ids there. None of a simulation, whose time says where it is. */
export function liveSources(config: FeedConfig): readonly Pick<LiveSource, 'source' | 'instrument'>[] {
  switch (config.kind) {
    case 'crypto':
      return config.symbols.flatMap(({ sources }) => sources.map(liveSource));
    case 'alpaca':
      return config.symbols.map(alpacaSource);
    case 'simulator':
    case 'auto':
      return [];
  }
}

/** Each exchange gets its share of the time in which one of them has to answer. */
function autoFeed({ name, symbols, withinMs, seed, historySeconds }: AutoConfig, world: FeedWorld, secrets: FeedSecrets): Feed {
  const live = parseFeedConfig({ name: 'live', kind: 'crypto', symbols, failoverMs: Math.max(100, Math.floor(withinMs / 5)) });
  const simulated = parseFeedConfig({ name: 'simulator', kind: 'simulator', symbols, seed, historySeconds, batchRows: memoryBatchRows });
  return new StandInFeed({ name, preferred: createFeed(live, world, secrets), standIn: createFeed(simulated, world), withinMs, world });
}

function alpacaKeys(name: string, { alpaca }: FeedSecrets): AlpacaKeys {
  if (alpaca) return alpaca;
  throw new HindcastError('FEED_DENIED', `feed ${name} wants Alpaca's keys, and none are configured`);
}

/**
 * A batch is folded in one go by the process that also answers at the doors: a memory that is told in the background is told in
 * pieces that keep nobody waiting.
 */
export const memoryBatchRows = 1_000;

/** After a longer pause than this, and than its history, a simulation goes on from so far back. */
const simulatorCatchUpSeconds = 3_600;

function simulatorOf({ symbols, historySeconds, follows, ...config }: SimulatorConfig, world: FeedWorld): Feed {
  const nowUs = Math.floor(world.clock.nowUs() / secondUs) * secondUs;
  const before = (seconds: number): number => Math.max(originUs, nowUs - seconds * secondUs);
  const options = {
    ...config,
    symbols: symbols.map(simulatedSymbol),
    fromUs: before(historySeconds),
    resumeFromUs: before(Math.max(historySeconds, simulatorCatchUpSeconds)),
    toUs: follows ? undefined : nowUs,
  };
  return simulatorFeed(options, world);
}
