import { HindcastError } from '@hindcast/contracts';
import { batchRowsMax, isSymbol } from '@hindcast/market';
import { z } from 'zod';
import { alpacaTapes } from '../alpaca/alpaca-messages.js';
import { venues } from '../crypto/venues.js';
import { venueNames } from '../crypto/venue-names.js';
import { toUnified, type MarketSymbol } from '../symbols/unified-symbol.js';

/** Symbols of one feed. */
const symbolsMax = 1_000;
const daySeconds = 86_400;
const shownCharactersMax = 80;

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits and hyphens, 32 at most');
const symbol = z.string().refine(isSymbol, 'must match [A-Z0-9][A-Z0-9.:-]{0,31}, as BTC-USDT');
const uniqueBySymbol = (symbols: readonly { readonly symbol: string }[]): boolean =>
  new Set(symbols.map((each) => each.symbol)).size === symbols.length;
/** Nothing but these: whoever mistypes a name is told which there are. */
const fields = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `there is no ${issue.keys.join(', ')}, only ${Object.keys(shape).join(', ')}` : undefined,
  });
/** A symbol alone stands for one with nothing else said. */
const orSymbol = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (typeof value === 'string' ? { symbol: value } : value), schema);

function isTradable(market: MarketSymbol): boolean {
  try {
    return toUnified(market) !== '';
  } catch {
    return false;
  }
}

const simulated = fields({
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

const simulator = fields({
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
  /** Goes on with the clock when history is told; otherwise it ends there. */
  follows: z.boolean().default(true),
  batchRows: z.int().min(1).max(batchRowsMax).default(10_000),
});

/** `binance/spot` as its parts. */
const market = z.string().transform((text, context) => {
  const [venue = '', marketType = ''] = text.split('/');
  const known = venueNames.find((name) => name === venue);
  const type = known && venues[known].marketTypes.find((name) => name === marketType);
  if (known && type) return { venue: known, marketType: type };
  const all = venueNames.flatMap((name) => venues[name].marketTypes.map((each) => `${name}/${each}`));
  context.addIssue({ code: 'custom', message: `must be one of ${all.join(', ')}` });
  return z.NEVER;
});

/** In the order of preference: what none but the first knows, and what it does not answer, the others stand in for. */
const usualMarkets = ['binance/spot', 'okx/spot', 'bybit/spot', 'coinbase/spot', 'kraken/spot'] as const;

const source = z.preprocess(
  (value) => (typeof value === 'string' ? { market: value } : value),
  fields({ market, symbol: symbol.optional() }),
);

const followed = fields({ symbol, sources: z.array(source).min(1).max(16).optional() })
  .transform(({ symbol: name, sources = usualMarkets.map((text) => ({ market: market.parse(text), symbol: undefined })) }) => ({
    symbol: name,
    sources: sources.map(({ market: { venue, marketType }, symbol: there = name }) => ({ venue, marketType, symbol: there })),
  }))
  .refine(({ sources }) => sources.every((each) => isTradable(each)), 'must be as BTC-USDT, or BTC-USDT-261225 where contracts end');

/** What a live feed may hold. */
const liveBounds = {
  /** Trades are held back so long while a hole before them is asked for. */
  gapHoldMs: z.int().min(0).max(60_000).default(10_000),
  /** And so many of a symbol. */
  heldMax: z.int().min(0).max(1_000_000).default(20_000),
  /** Rows that wait for a busy intake; beyond it the sockets are closed, and what is missed is asked for later. */
  rowsMax: z.int().min(100).max(1_000_000).default(100_000),
};

const crypto = fields({
  name,
  kind: z.literal('crypto'),
  symbols: z
    .array(orSymbol(followed))
    .min(1)
    .max(symbolsMax)
    .refine(uniqueBySymbol, 'must not name a symbol twice')
    .prefault(['BTC-USDT', 'ETH-USDT']),
  /** The best bid and ask beside the trades. */
  quotes: z.boolean().default(true),
  /** Without a tick of any symbol for so long, a connection counts as dead. */
  silenceMs: z.int().min(1_000).max(3_600_000).default(30_000),
  /** A source that does not answer for so long is stood in for by the next one. */
  failoverMs: z.int().min(100).max(3_600_000).default(5_000),
  /** A better source has answered for so long before it is gone back to. */
  fallbackMs: z.int().min(100).max(3_600_000).default(30_000),
  ...liveBounds,
});

const alpaca = fields({
  name,
  kind: z.literal('alpaca'),
  symbols: z
    .array(symbol)
    .min(1)
    .max(symbolsMax)
    .refine((symbols) => new Set(symbols).size === symbols.length, 'must not name a symbol twice'),
  /** `iex` is free and one exchange; `sip` is all of them. */
  tape: z.enum(alpacaTapes).default('iex'),
  quotes: z.boolean().default(true),
  /** Without a message or a pong for so long, the connection counts as dead. */
  silenceMs: z.int().min(1_000).max(3_600_000).default(30_000),
  ...liveBounds,
  streamUrl: z.url({ protocol: /^wss?$/ }).default('wss://stream.data.alpaca.markets'),
  dataUrl: z.url({ protocol: /^https?$/ }).default('https://data.alpaca.markets'),
});

/** Live crypto, or the simulator where no exchange answers. */
const auto = fields({
  name,
  kind: z.literal('auto'),
  symbols: z
    .array(symbol)
    .min(1)
    .max(symbolsMax)
    .refine((symbols) => new Set(symbols).size === symbols.length, 'must not name a symbol twice')
    .default(['BTC-USDT', 'ETH-USDT']),
  withinMs: z.int().min(100).max(600_000).default(5_000),
  seed: simulator.shape.seed,
  /** Of the simulator. */
  historySeconds: simulator.shape.historySeconds,
});

export const feedConfigSchema = z.discriminatedUnion('kind', [simulator, crypto, alpaca, auto], {
  error: (issue) => (issue.code === 'invalid_union' ? 'must be simulator, crypto, alpaca or auto' : undefined),
});
const fileSchema = fields({
  feeds: z
    .array(feedConfigSchema)
    .max(64)
    .refine((feeds) => new Set(feeds.map((feed) => feed.name)).size === feeds.length, 'must not name a feed twice'),
});

export type FeedConfig = z.output<typeof feedConfigSchema>;
export type AutoConfig = z.output<typeof auto>;
export type AlpacaConfig = z.output<typeof alpaca>;
export type CryptoConfig = z.output<typeof crypto>;
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
    .map(({ code, path, message }) => {
      const field = path.join('.') || 'feeds';
      if (code === 'unrecognized_keys') return `${field}: ${message}`;
      // What stands for an object, as a symbol alone does, is the value of its field too.
      const value = path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : at), input);
      if (value === undefined) return code === 'invalid_type' ? `${field} is missing` : `${field}: ${message}`;
      return `${field}=${JSON.stringify(value).slice(0, shownCharactersMax)}: ${message}`;
    })
    .join('; ');
}
