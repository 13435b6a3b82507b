import { isMarket, isSymbol } from '@hindcast/market';
import { parseHorizon, type Horizon } from '@hindcast/memory';
import { loadConfig, wholeNumber, type Config } from '@hindcast/service-kit';
import { z } from 'zod';

const hourMs = 3_600_000;

/** `SPY=usa/equity,BTC-USDT=binance/spot` */
function marketsBySymbol() {
  const allowed = 'symbol=market pairs with commas between, as SPY=usa/equity';
  return z
    .string()
    .transform((text) => text.split(',').map((pair) => pair.split('=')))
    .refine((pairs) => pairs.every(([symbol, market, ...rest]) => rest.length === 0 && isSymbol(symbol) && isMarket(market ?? '')), {
      error: allowed,
    })
    .transform((pairs): Readonly<Record<string, string>> => Object.fromEntries(pairs) as Record<string, string>)
    .describe(allowed);
}

/** Steps that divide an hour fall on the epoch's grid and on every hour. */
export function gridStep() {
  const allowed = 'milliseconds, 1000 to 3600000: whole seconds that divide an hour';
  return wholeNumber({ min: 1_000, max: hourMs })
    .refine((ms) => ms % 1_000 === 0 && hourMs % ms === 0, { error: allowed })
    .describe(allowed);
}

/** `1m,5m,1h,next_day` */
function horizonList() {
  const allowed = 'horizons with commas between: whole minutes from 1m to 240m, 1h to 4h, end_of_day, next_day';
  return z
    .string()
    .transform((text, context): readonly Horizon[] => {
      const ids = [...new Set(text.split(','))];
      try {
        return ids.map(parseHorizon);
      } catch {
        context.addIssue({ code: 'custom', message: allowed });
        return z.NEVER;
      }
    })
    .describe(allowed);
}

/** A field `stateIntervalMs` is the variable HINDCAST_STATE_INTERVAL_MS, and so for all. */
export const marketPhysicsShape = {
  /** Event time between two states of an instrument. */
  stateIntervalMs: gridStep().default(1_000),
  /** Event time between two states that get a vector. */
  embedIntervalMs: gridStep().default(60_000),
  /** Which market drives `physics:state:{symbol}`; of the others it is the first one seen. */
  primaryMarkets: marketsBySymbol().default({}),
  /** About 100 KB of memory each. */
  instrumentsMax: wholeNumber({ min: 1, max: 10_000 }).default(1_000),
  /** How often the follower's progress is written to disk; a restart folds again what came after. */
  checkpointIntervalMs: wholeNumber({ min: 50, max: 60_000 }).default(1_000),
  /** Threads inside the embedding model. */
  embedderThreads: wholeNumber({ min: 1, max: 64 }).default(1),
  /** Replays at once; one that has ended gives way to a new one. */
  replaysMax: wholeNumber({ min: 1, max: 1_000 }).default(8),
  /** Event time between two moments of the memory that is made where there is none. */
  memoryIntervalMs: gridStep().default(60_000),
  /** How far ahead that memory looks at what followed a moment. */
  memoryHorizons: horizonList().prefault('1m,5m,15m,30m,1h,end_of_day,next_day'),
  /** How often every instrument's moments are looked after; whoever is minutes behind is at once. */
  memoryKeepIntervalMs: wholeNumber({ min: 1_000, max: 3_600_000 }).default(60_000),
  /** Instruments whose last two sessions are kept in memory for it, a few MB each; beyond it they are read again when they trade. */
  memoryInstrumentsMax: wholeNumber({ min: 1, max: 10_000 }).default(64),
  /** Threads that a build of a memory has, an instrument each; 0 is one less than the processor has cores, and at least one. */
  memoryBuildThreads: wholeNumber({ min: 0, max: 64 }).default(0),
  /** How long a stop waits for the store, to end with a checkpoint of everything. */
  stopDeadlineMs: wholeNumber({ min: 0, max: 9_000 }).default(5_000),
} satisfies z.ZodRawShape;

export type MarketPhysicsConfig = Config<typeof marketPhysicsShape>;

export function loadMarketPhysicsConfig(): MarketPhysicsConfig {
  return loadConfig(marketPhysicsShape);
}
