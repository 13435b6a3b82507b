import { loadConfig, wholeNumber, type Config } from '@hindcast/service-kit';
import type { z } from 'zod';

const shape = {
  /** Rows of a JSON answer where the request names no limit. */
  jsonRowsDefault: wholeNumber({ min: 1, max: 100_000 }).default(10_000),
  /** Rows of a JSON answer at most; CSV and Arrow are streamed without a bound. */
  jsonRowsMax: wholeNumber({ min: 1, max: 1_000_000 }).default(100_000),
  /** Ranges that are read at once, through all doors: each holds a query of QuestDB open until its reader has taken it all. */
  readsMax: wholeNumber({ min: 1, max: 10_000 }).default(64),
} satisfies z.ZodRawShape;

export type MarketDataConfig = Config<typeof shape>;

export function readConfig(): MarketDataConfig {
  return loadConfig(shape);
}
