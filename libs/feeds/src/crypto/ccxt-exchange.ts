import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { HindcastError } from '@hindcast/contracts';
import type { VenueName } from './venue-names.js';

/** What we use of a trade in ccxt's form; `info` is what the exchange sent. */
export interface CcxtTrade {
  readonly symbol: string;
  readonly id?: string;
  /** Milliseconds. */
  readonly timestamp?: number;
  readonly price?: number;
  readonly amount?: number;
  readonly side?: string;
  readonly info: unknown;
}

export interface CcxtTicker {
  readonly symbol?: string;
  readonly timestamp?: number;
  readonly bid?: number;
  readonly bidVolume?: number;
  readonly ask?: number;
  readonly askVolume?: number;
  readonly info: unknown;
}

/** What we use of an exchange of ccxt. */
export interface CcxtExchange {
  readonly has: Record<string, boolean | string | undefined>;
  readonly options: Record<string, unknown>;
  readonly streaming: Record<string, unknown>;
  readonly markets: Readonly<Record<string, unknown>> | undefined;
  /** Every trade that was not taken yet, by symbol. */
  readonly trades: Readonly<Record<string, { clear(): void } | undefined>>;
  setMarkets(markets: unknown): unknown;
  loadMarkets(): Promise<unknown>;
  loadHttpProxyAgent(): Promise<unknown>;
  watchTrades(symbol: string): Promise<readonly CcxtTrade[]>;
  watchTicker(symbol: string): Promise<CcxtTicker>;
  watchBidsAsks(symbols: readonly string[]): Promise<CcxtTicker | Readonly<Record<string, CcxtTicker>>>;
  fetchTrades(symbol: string, sinceMs?: number, limit?: number, params?: Readonly<Record<string, unknown>>): Promise<readonly CcxtTrade[]>;
  fetchTime(): Promise<number>;
  close(): Promise<void>;
}

/** What we use of ccxt's side of one socket. */
interface CcxtClient {
  send(message: unknown): Promise<unknown>;
  onError(error: unknown): void;
}

interface CcxtInternals {
  client(url: string): CcxtClient;
  log(...words: unknown[]): void;
}

type ExchangeClass = new (options: Readonly<Record<string, unknown>>) => CcxtExchange & CcxtInternals;
type ErrorClass = new (message: string) => Error;

/** Its own errors by what they mean for us. */
export interface CcxtErrors {
  /** The connection or the exchange is gone; trying again helps. */
  readonly NetworkError: ErrorClass;
  /** The exchange does not know the symbol. */
  readonly BadSymbol: ErrorClass;
  readonly ExchangeClosedByUser: ErrorClass;
}

export interface CcxtVenue {
  readonly open: (options: Readonly<Record<string, unknown>>) => CcxtExchange;
  readonly errors: CcxtErrors;
}

/**
 * One exchange of ccxt, loaded when it is first wanted: its file alone, because the whole of ccxt is more than a hundred
 * exchanges, half a second of a core and 105 MB. What ccxt exports by name is the whole only; its version is pinned.
 */
export async function loadVenue(name: VenueName): Promise<CcxtVenue> {
  const require = createRequire(import.meta.url);
  const sources = new URL('../js/src/', pathToFileURL(require.resolve('ccxt')));
  try {
    const exchange = (await import(new URL(`pro/${name}.js`, sources).href)) as { readonly default: ExchangeClass };
    const errors = (await import(new URL('base/errors.js', sources).href)) as CcxtErrors;
    const Guarded = guarded(exchange.default);
    return { open: (options) => new Guarded(options), errors };
  } catch (cause) {
    throw new HindcastError('INTERNAL', `ccxt has no ${name} where it is looked for: its version is not the one that was built for`, {
      cause,
    });
  }
}

/**
 * Two things that ccxt does and a service must not: it writes what it cannot parse to the console, and where a socket closes
 * between two of its steps, sending fails in a promise that nobody holds, which ends the process.
 */
function guarded(Exchange: ExchangeClass): ExchangeClass {
  return class extends Exchange {
    override log(): void {
      // What it cannot parse becomes an error of whoever waits for it.
    }

    override client(url: string): CcxtClient {
      const client = super.client(url);
      if (Object.hasOwn(client, 'send')) return client;
      const send = client.send.bind(client);
      client.send = async (message) => send(message).catch((error: unknown) => client.onError(error));
      return client;
    }
  };
}
