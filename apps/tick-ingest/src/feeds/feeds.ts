import { HindcastError, type FeedFacts, type FeedsFacts } from '@hindcast/contracts';
import {
  FeedSupervisor,
  parseFeedConfig,
  type Feed,
  type FeedConfig,
  type FeedPosition,
  type FeedSecrets,
  type FeedStatus,
  type FeedWorld,
  type TickIntake,
} from '@hindcast/feeds/unattended';
import { parseFields, type Logger } from '@hindcast/service-kit';
import { z } from 'zod';
import { feedFacts } from './feed-facts.js';
import { memoryFeed, wordsOfChoice } from './ready-memory.js';
import type { KeptFeeds, KeptPosition } from './kept-feeds.js';
import { storedPosition, type StoredTrades } from './stored-position.js';

export type OpenFeed = (config: FeedConfig, secrets: FeedSecrets) => Feed;

export interface FeedsParts {
  /** What HINDCAST_FEED asks for. */
  readonly configured: readonly FeedConfig[];
  readonly secrets: FeedSecrets;
  readonly openFeed: OpenFeed;
  readonly intake: TickIntake;
  readonly streamId: string;
  readonly store: StoredTrades;
  readonly kept: KeptFeeds;
  readonly world: FeedWorld;
  readonly logger: Logger;
}

/** A feed that is there, whatever it does. */
interface Known {
  readonly config: FeedConfig;
  readonly origin: FeedFacts['origin'];
  /** As it was added; of configured ones nothing. */
  readonly given?: unknown;
  position?: FeedPosition;
  hasEnded: boolean;
  isStopped: boolean;
  /** Its position has changed since it was kept. */
  isDirty: boolean;
  /** Of `auto`: what it is has been told to the log. */
  isDecided: boolean;
}

export const feedNameField = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
  .describe('a name of a feed, [a-z0-9][a-z0-9-]{0,31}');
const keepIntervalMs = 1_000;

/**
 * The feeds of this service: what is configured and what was added while it ran, how far each is on disk, and what an
 * operator wants of them. Changes are made one after the other, and outlive the process before they are answered.
 */
export class Feeds {
  private readonly known = new Map<string, Known>();
  private readonly supervisor: FeedSupervisor;
  private changing: Promise<unknown> = Promise.resolve();
  private keeping: Promise<unknown> | undefined;
  private isKept = true;
  private isRunning = false;
  private timer: NodeJS.Timeout | undefined;
  /** As it was kept: for feeds that come later than the start. */
  private stoppedBefore: readonly string[] = [];

  private constructor(private readonly parts: FeedsParts) {
    const { intake, world } = parts;
    this.supervisor = new FeedSupervisor({
      intake,
      world,
      onState: (status) => this.stateChanged(status),
      onStored: (name, position) => this.stored(name, position),
    });
  }

  /** With what is configured and what was added before; nothing runs yet. Throws CONFIG_INVALID where the kept ones cannot be read. */
  static async open(parts: FeedsParts): Promise<Feeds> {
    const feeds = new Feeds(parts);
    const { feeds: added, stopped } = await parts.kept.added();
    feeds.stoppedBefore = stopped;
    for (const config of parts.configured) await feeds.take({ config, origin: 'configured' });
    for (const { config, given } of added) {
      const isTaken = feeds.known.has(config.name);
      if (isTaken) parts.logger.warn({ feed: config.name }, 'a feed that was added has the name of a configured one, which goes before it');
      else await feeds.take({ config, origin: 'added', given });
    }
    return feeds;
  }

  /** Starts what is not to be stopped. */
  run(): void {
    this.isRunning = true;
    for (const [name, known] of this.known) this.startWanted(name, known);
    this.timer = setInterval(() => this.turn(), keepIntervalMs);
  }

  facts(): FeedsFacts {
    return { feeds: [...this.known].map(([name, known]) => this.factsOf(name, known)) };
  }

  get(name: unknown): FeedFacts {
    return this.factsOf(...this.require(name));
  }

  /** FIELD_INVALID, FEED_EXISTS, FEEDS_FULL, FEED_DENIED; nothing is changed then. */
  add(given: unknown): Promise<FeedFacts> {
    return this.changed(async () => {
      const config = parseFeedConfig(given);
      this.supervisor.requireRoom(config.name);
      if (config.kind === 'alpaca' && !this.parts.secrets.alpaca)
        throw new HindcastError('FEED_DENIED', `feed ${config.name} wants HINDCAST_ALPACA_KEY_ID and HINDCAST_ALPACA_SECRET_KEY`);
      // What an earlier feed of this name has left says nothing of this one.
      await this.parts.kept.forgetPosition(config.name);
      await this.keepAdded({ with: given });
      this.stoppedBefore = this.stoppedBefore.filter((name) => name !== config.name);
      await this.take({ config, origin: 'added', given });
      return this.get(config.name);
    });
  }

  start(name: unknown): Promise<FeedFacts> {
    return this.changed(async () => {
      const [feed, known] = this.require(name);
      known.isStopped = false;
      await this.keepAdded();
      known.hasEnded = false;
      this.supervisor.start(feed);
      return this.factsOf(feed, known);
    });
  }

  /** Resolves when what was read is on disk; it stays stopped when the process is started again. */
  stop(name: unknown): Promise<FeedFacts> {
    return this.changed(async () => {
      const [feed, known] = this.require(name);
      known.isStopped = true;
      await this.keepAdded();
      await this.supervisor.stop(feed);
      return this.factsOf(feed, known);
    });
  }

  /** A configured feed is back at the next start. */
  remove(name: unknown): Promise<{ readonly feed: string }> {
    return this.changed(async () => {
      const [feed] = this.require(name);
      await this.keepAdded({ without: feed });
      await this.supervisor.remove(feed);
      this.known.delete(feed);
      await this.keeping;
      await this.parts.kept.forgetPosition(feed);
      return { feed };
    });
  }

  /** Everything that was read is on disk then, and so is how far that is. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.changing.catch(() => undefined);
    await this.supervisor.stopAll();
    await this.keeping;
    await this.keepPositions();
  }

  private async take({ config, origin, given }: Pick<Known, 'config' | 'origin' | 'given'>): Promise<void> {
    const { openFeed, secrets, kept, streamId } = this.parts;
    const { name } = config;
    const isStopped = this.stoppedBefore.includes(name);
    const feed = openFeed(config, secrets);
    const before = await kept.position(name);
    // What another log had acknowledged may be lost with it.
    const ours = before?.streamId === streamId ? before : undefined;
    const hasEnded = ours?.hasEnded === true && ours.madeFrom === madeFrom(config);
    const known: Known = { config, origin, given, isStopped, hasEnded, isDirty: false, isDecided: false };
    const position = ours ? positionIn(ours, config) : await this.positionInStore(config);
    if (position) {
      known.position = position;
      feed.resume(position);
    }
    this.supervisor.add(feed, { isStopped: true });
    this.known.set(name, known);
    if (this.isRunning) this.startWanted(name, known);
  }

  /** Where the store is away too, the feed begins with what happens from now on. */
  private async positionInStore(config: FeedConfig): Promise<FeedPosition | undefined> {
    try {
      return await storedPosition(config, this.parts.store);
    } catch (error) {
      this.parts.logger.warn({ feed: config.name, err: error }, 'what a feed has told before cannot be looked up: it begins now');
      return undefined;
    }
  }

  private startWanted(name: string, { isStopped, hasEnded }: Known): void {
    if (!isStopped && !hasEnded) this.supervisor.start(name);
  }

  private factsOf(name: string, { config, origin, hasEnded, isStopped }: Known): FeedFacts {
    const status = this.supervisor.status(name);
    return feedFacts(hasEnded && !isStopped ? { ...status, state: 'ended' } : status, { config, origin });
  }

  /** FEED_UNKNOWN. */
  private require(given: unknown): [name: string, known: Known] {
    const { feed } = parseFields(z.object({ feed: feedNameField }), { feed: given });
    const known = this.known.get(feed);
    if (known) return [feed, known];
    throw new HindcastError('FEED_UNKNOWN', `there is no feed named ${feed}`);
  }

  private changed<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.changing.then(change, change);
    this.changing = result;
    return result;
  }

  private async keepAdded({ with: given, without }: { readonly with?: unknown; readonly without?: string } = {}): Promise<void> {
    const kept = [...this.known].filter(([name]) => name !== without);
    const added = kept.filter(([, { origin }]) => origin === 'added').map(([, known]) => known.given);
    const stopped = kept.filter(([, { isStopped }]) => isStopped).map(([name]) => name);
    await this.parts.kept.keepAdded({ given: given === undefined ? added : [...added, given], stopped });
  }

  private stored(name: string, position: FeedPosition): void {
    const known = this.known.get(name);
    if (!known) return;
    known.position = position;
    known.isDirty = true;
    if (known.config.kind === 'auto' && !known.isDecided) this.decided(known, position);
  }

  private decided(known: Known, position: FeedPosition): void {
    const { config } = known;
    if (config.kind !== 'auto') return;
    const words = wordsOfChoice(config, position);
    if (words === undefined) return;
    known.isDecided = true;
    this.parts.logger[words.isSimulated ? 'warn' : 'info']({ feed: config.name, simulated: words.isSimulated }, words.text);
    const memory = words.isSimulated ? undefined : memoryFeed(config);
    if (memory && !this.known.has(memory.name)) this.takeBeside(memory);
  }

  /** Nobody waits for it: where it cannot be taken, the others go on without it. */
  private takeBeside(config: FeedConfig): void {
    this.changed(() => this.take({ config, origin: 'configured' })).catch((error: unknown) => {
      this.parts.logger.warn({ feed: config.name, err: error }, 'the feed could not be opened');
    });
  }

  private stateChanged({ name, kind, state, detail, refusing }: FeedStatus): void {
    const known = this.known.get(name);
    if (known && state === 'ended') {
      known.hasEnded = true;
      known.isDirty = true;
    }
    const level = state === 'failed' ? 'error' : state === 'reconnecting' || state === 'waiting' || refusing.length > 0 ? 'warn' : 'info';
    this.parts.logger[level]({ feed: name, kind, state, ...(detail !== '' && { detail }) }, 'feed state changed');
  }

  private turn(): void {
    this.supervisor.observe();
    this.keeping ??= this.keepPositions()
      .then(
        () => (this.isKept = true),
        (error: unknown) => this.notKept(error),
      )
      .finally(() => (this.keeping = undefined));
  }

  /** Once, until it is kept again: a disk is full for longer than a second. */
  private notKept(error: unknown): void {
    if (this.isKept) this.parts.logger.warn({ err: error }, 'how far feeds are could not be kept; it is tried every second');
    this.isKept = false;
  }

  private async keepPositions(): Promise<void> {
    const { kept, streamId } = this.parts;
    for (const [name, known] of this.known) {
      const { config, position, hasEnded } = known;
      if (!known.isDirty || !position) continue;
      known.isDirty = false;
      try {
        await kept.keepPosition(name, { streamId, madeFrom: madeFrom(config), hasEnded, position });
      } catch (error) {
        known.isDirty = true;
        throw error;
      }
    }
  }
}

/** The time of a simulation says nothing of another one. */
function positionIn({ position: { nowUs, newest }, madeFrom: before }: KeptPosition, config: FeedConfig): FeedPosition {
  return { ...(newest && { newest }), ...(nowUs !== undefined && before === madeFrom(config) && { nowUs }) };
}

/** What decides which ticks a simulation has; how long its history is does not. */
function madeFrom(config: FeedConfig): string {
  const { kind, symbols } = config;
  return JSON.stringify({
    kind,
    symbols,
    ...('seed' in config && { seed: config.seed }),
    ...(config.kind === 'simulator' && { market: config.market }),
  });
}
