import type { Instrument } from '@hindcast/market';
import type { SourceState } from '../feed.js';
import type { ClockSkew } from './clock-skew.js';
import type { LiveQuote, LiveTrade } from './live-ticks.js';
import type { GapQuestion } from './trade-sequence.js';

/** What a session tells of, symbol by symbol. */
export interface LiveEvents {
  readonly trades: (symbol: string, trades: readonly LiveTrade[], receivedUs: number) => void;
  readonly quote: (symbol: string, quote: LiveQuote, receivedUs: number) => void;
  /** The connection stands and is asked for these symbols; what happened before is not known. */
  readonly connected: (symbols: readonly string[]) => void;
  readonly lost: () => void;
  /** The source has no such market. */
  readonly unknown: (symbol: string) => void;
}

export interface SessionStatus {
  readonly state: SourceState;
  readonly lastMessageUs: number | null;
  readonly reconnects: number;
  readonly detail: string;
}

/** A connection to one live source that is made anew whenever it breaks. */
export interface LiveSession {
  readonly skew: ClockSkew;
  readonly isConnected: boolean;
  status(): SessionStatus;
  /** Connects while any symbol is wanted. */
  want(symbols: ReadonlySet<string>): void;
  /** Resolves when the signal aborts; rejects with what no further attempt can mend. */
  run(signal: AbortSignal): Promise<void>;
  /** Trades after one, oldest first; null where the source does not answer. */
  history(symbol: string, question: GapQuestion): Promise<readonly LiveTrade[] | null>;
}

/** One instrument of one source; those of a market share a session. */
export interface LiveSource {
  /** Who gives the ids. */
  readonly source: string;
  readonly instrument: Instrument;
  /** Whether ids count through without a hole. */
  readonly isCounted: boolean;
}
