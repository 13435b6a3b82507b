import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ThreadedFeed, type FeedWorld, type TickIntake } from '@hindcast/feeds/unattended';
import type { Clock } from '@hindcast/ports';
import type { Logger } from '@hindcast/service-kit';
import { configuredFeeds, feedSecrets, type FeedSettings } from './configured-feeds.js';
import { Feeds, type OpenFeed } from './feeds.js';
import { KeptFeeds } from './kept-feeds.js';
import { PoliteIntake } from './polite-intake.js';
import type { StoredTrades } from './stored-position.js';

interface OpenFeedsParts {
  readonly config: FeedSettings & { readonly home: string };
  readonly intake: TickIntake;
  readonly streamId: string;
  readonly store: StoredTrades;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly openFeed?: OpenFeed | undefined;
}

/** Feeds are not a door of their own in metrics by request; each has its own numbers. */
const door = 'feed';

/** Each feed in a thread, all of them into the one intake. */
export async function openFeeds({ config, intake, clock, openFeed, ...parts }: OpenFeedsParts): Promise<Feeds> {
  const world: FeedWorld = {
    clock,
    random: Math.random,
    sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
  };
  const asOneDoor: TickIntake = {
    get era() {
      return intake.era;
    },
    whyFull: (instrument) => intake.whyFull(instrument),
    admit: (batches, options) => intake.admit(batches, { ...options, door }),
  };
  return Feeds.open({
    ...parts,
    configured: configuredFeeds(config),
    secrets: feedSecrets(config),
    openFeed: openFeed ?? ((feed, secrets) => new ThreadedFeed({ config: feed, secrets })),
    intake: new PoliteIntake(asOneDoor, world),
    kept: await KeptFeeds.open(join(config.home, 'feeds')),
    world,
  });
}
