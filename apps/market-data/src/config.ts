import { loadConfig, wholeNumber, type Config } from '@hindcast/service-kit';
import type { z } from 'zod';

export const marketDataShape = {
  /** Rows of a JSON answer where the request names no limit. */
  jsonRowsDefault: wholeNumber({ min: 1, max: 100_000 }).default(10_000),
  /** Rows of a JSON answer at most; CSV and Arrow are streamed without a bound. */
  jsonRowsMax: wholeNumber({ min: 1, max: 1_000_000 }).default(100_000),
  /** Ranges that are read at once, in all; above it 429 READS_FULL. Each holds some megabytes of rows on their way. */
  readsMax: wholeNumber({ min: 1, max: 10_000 }).default(64),
  /** Ranges that one API key reads at once, or one address where no key is sent; likewise. */
  readsPerCallerMax: wholeNumber({ min: 1, max: 10_000 }).default(32),
  /** A read is ended when its reader has taken nothing for so long. */
  readStallMs: wholeNumber({ min: 100, max: 3_600_000 }).default(60_000),
} satisfies z.ZodRawShape;

export type MarketDataConfig = Config<typeof marketDataShape>;

export function readConfig(): MarketDataConfig {
  return loadConfig(marketDataShape);
}
