import { loadConfig, wholeNumber, type Config } from '@hindcast/service-kit';
import { HindcastError } from '@hindcast/contracts';
import type { AdmissionLimits, PriceBand } from '@hindcast/market';
import { z } from 'zod';
import { configuredFeeds } from './feeds/configured-feeds.js';

/** Every setting is a variable HINDCAST_..., as `logRowsMax` is HINDCAST_LOG_ROWS_MAX. */
export const tickIngestShape = {
  /** Rows and marks the log holds at most; admission's memory of duplicates has room for just these. */
  logRowsMax: wholeNumber({ min: 1_000, max: 64_000_000 }).default(4_194_304),
  /** Rows the log keeps although every follower is past them: they spare look-ups in the store. */
  logKeepRows: wholeNumber({ min: 0, max: 64_000_000 }).default(3_000_000),
  /** A follower without progress for so long is cut off once the log is at its bound. */
  followerStallMs: wholeNumber({ min: 1_000, max: 86_400_000 }).default(600_000),
  /** How far ahead of the clock an event time may be. */
  maxAheadMs: wholeNumber({ min: 0, max: 86_400_000 }).default(60_000),
  /** `SPY=1:10000,IBM=1:1000`: prices outside a symbol's band are rejected. */
  priceBands: z
    .string()
    .regex(/^$|^[A-Z0-9][A-Z0-9.:-]{0,31}=[0-9.]+:[0-9.]+(,[A-Z0-9][A-Z0-9.:-]{0,31}=[0-9.]+:[0-9.]+)*$/)
    .default('')
    .describe('a list as SPY=1:10000,IBM=1:1000'),
  /** Rows the store may refuse in one piece before schema or store are taken to be wrong. */
  quarantineRowsMax: wholeNumber({ min: 0, max: 10_000 }).default(100),
  /** Rows the drain sends in one request. */
  drainPieceRowsMax: wholeNumber({ min: 1, max: 1_000_000 }).default(50_000),
  /** While the log is busy, pieces that are not full leave at this interval, and half of one when nothing more comes; rows show in the store so much later. */
  drainPieceIntervalMs: wholeNumber({ min: 0, max: 10_000 }).default(1_000),
  /** Rows one HTTP request may carry. */
  requestRowsMax: wholeNumber({ min: 1, max: 1_000_000 }).default(200_000),
  /** Streams of `TickIngest.Follow` at a time. */
  followersMax: wholeNumber({ min: 1, max: 10_000 }).default(64),
  /** WebSockets at `/v1/ingest` at a time. */
  ingestSocketsMax: wholeNumber({ min: 1, max: 10_000 }).default(256),
  /**
   * Which feeds run: live crypto, or the simulator where no exchange answers (`auto`, what `npm start` takes), one of the two, or
   * those of a file, as docs/FEEDS.md has it; a relative path is taken from the project's root.
   */
  feed: z.string().min(1).default('none').describe('none, auto, simulator, crypto, or a JSON file of feeds'),
  /** Simulated hours that `auto` and `simulator` tell first, as fast as it goes: what there is to search on the first day. */
  feedHistoryHours: wholeNumber({ min: 0, max: 8_760 }).default(4),
  /** Of the account whose key feeds of Alpaca use; goes with the secret key. */
  alpacaKeyId: z.string().min(1).optional().describe('as Alpaca gives it'),
  /** The key itself. */
  alpacaSecretKey: z.string().min(1).optional().describe('as Alpaca gives it'),
} satisfies z.ZodRawShape;

export type TickIngestConfig = Config<typeof tickIngestShape>;

export function readConfig(): TickIngestConfig {
  return requireFeeds(requireRoomToKeep(loadConfig(tickIngestShape)));
}

/** CONFIG_INVALID where the log is to keep more than it may hold. */
export function requireRoomToKeep<C extends TickIngestConfig>(config: C): C {
  const { logKeepRows, logRowsMax } = config;
  if (logKeepRows <= logRowsMax) return config;
  throw new HindcastError(
    'CONFIG_INVALID',
    `HINDCAST_LOG_KEEP_ROWS is ${logKeepRows}; it must not be above HINDCAST_LOG_ROWS_MAX, ${logRowsMax}`,
  );
}

/** CONFIG_INVALID where HINDCAST_FEED asks for what there is not. */
export function requireFeeds<C extends TickIngestConfig>(config: C): C {
  configuredFeeds(config);
  return config;
}

export function admissionLimits({ maxAheadMs, priceBands }: TickIngestConfig): AdmissionLimits {
  return { maxAheadUs: maxAheadMs * 1_000, priceBands: new Map(priceBands.split(',').filter(Boolean).map(priceBand)) };
}

function priceBand(text: string): [string, PriceBand] {
  const [symbol, band] = text.split('=');
  const [min, max] = band.split(':').map(Number);
  return [symbol, { min, max }];
}
