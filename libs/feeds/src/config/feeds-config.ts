import { HindcastError } from '@hindcast/contracts';
import { batchRowsMax, isSymbol } from '@hindcast/market';
import { z } from 'zod';

/** Symbols of one feed. */
const symbolsMax = 1_000;
const daySeconds = 86_400;
const shownCharactersMax = 80;

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits and hyphens, 32 at most');
const symbol = z.string().refine(isSymbol, 'must match [A-Z0-9][A-Z0-9.:-]{0,31}, as BTC-USDT');
const uniqueBySymbol = (symbols: readonly { readonly symbol: string }[]): boolean =>
  new Set(symbols.map((each) => each.symbol)).size === symbols.length;
/** A symbol alone stands for one with nothing else said. */
const orSymbol = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (typeof value === 'string' ? { symbol: value } : value), schema);

const simulated = z.strictObject({
  symbol,
  price: z.number().positive().max(1e9).optional(),
  /** Of a year. */
  volatility: z.number().positive().max(10).optional(),
  tradesPerSecond: z.number().positive().max(10_000).optional(),
  quotesPerTrade: z.number().min(0).max(100).optional(),
  spreadBps: z.number().positive().max(1_000).optional(),
  tradeSize: z.number().positive().max(1e9).optional(),
  priceDecimals: z.int().min(0).max(8).optional(),
  sizeDecimals: z.int().min(0).max(8).optional(),
});

const simulator = z.strictObject({
  name,
  kind: z.literal('simulator'),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(1),
  market: z
    .string()
    .regex(/^simulated\/[a-z0-9][a-z0-9-]{0,31}$/, 'must be simulated/ and a name, so that every row says what it is')
    .default('simulated/spot'),
  symbols: z
    .array(orSymbol(simulated))
    .min(1)
    .max(symbolsMax)
    .refine(uniqueBySymbol, 'must not name a symbol twice')
    .default([{ symbol: 'BTC-USDT' }, { symbol: 'ETH-USDT' }]),
  /** History that is made before the feed goes on with the clock. */
  historySeconds: z
    .int()
    .min(0)
    .max(3_660 * daySeconds)
    .default(0),
  batchRows: z.int().min(1).max(batchRowsMax).default(10_000),
});

export const feedConfigSchema = z.discriminatedUnion('kind', [simulator]);
const fileSchema = z.strictObject({
  feeds: z
    .array(feedConfigSchema)
    .max(64)
    .refine((feeds) => new Set(feeds.map((feed) => feed.name)).size === feeds.length, 'must not name a feed twice'),
});

export type FeedConfig = z.output<typeof feedConfigSchema>;
export type SimulatorConfig = z.output<typeof simulator>;

/** The feeds of a JSON file. Throws CONFIG_INVALID, which lists everything that is wrong with it. */
export function parseFeedsFile(text: string, path: string): readonly FeedConfig[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new HindcastError('CONFIG_INVALID', `${path} is no JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = fileSchema.safeParse(value);
  if (parsed.success) return parsed.data.feeds;
  throw new HindcastError('CONFIG_INVALID', `${path}: ${faultsOf(parsed.error, value)}`);
}

/** One feed, as a request names it. Throws FIELD_INVALID. */
export function parseFeedConfig(value: unknown): FeedConfig {
  const parsed = feedConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new HindcastError('FIELD_INVALID', faultsOf(parsed.error, value));
}

/** Each field with its value and what is allowed. */
function faultsOf({ issues }: z.ZodError, input: unknown): string {
  return issues
    .map(({ path, message }) => {
      const value = path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined), input);
      const shown = value === undefined ? '' : `=${JSON.stringify(value).slice(0, shownCharactersMax)}`;
      return `${path.join('.') || 'feeds'}${shown}: ${message}`;
    })
    .join('; ');
}
