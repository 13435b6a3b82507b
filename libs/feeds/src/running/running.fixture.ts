import { HindcastError } from '@hindcast/contracts';
import { emptyQuotes, emptyTrades, textAt, tradeColumns, type TickBatch } from '@hindcast/market';
import { noGaps, type Feed, type FeedWorld, type IntakeCounts, type SourceStatus, type TickIntake } from '../feed.js';

export function batchOf(...ids: string[]): TickBatch {
  return batchOfSymbol('BTC-USDT', ids);
}

export function batchOfSymbol(symbol: string, ids: readonly string[]): TickBatch {
  const origin = { source: 'test', receivedAtUs: 0 };
  const rows = ids.map((id, position) => ({
    timeUs: 1_000_000 + position,
    position,
    symbol,
    market: 'simulated/spot',
    exchange: '',
    id,
    conditions: '',
    price: 1,
    size: 1,
    side: 0,
  }));
  const trades = rows.length === 0 ? emptyTrades : tradeColumns(rows, origin);
  return { ...origin, slackUs: 0, trades, quotes: emptyQuotes, marks: [], rejected: [] };
}

export function instrumentsOf({ trades: { length, market, symbol } }: TickBatch): string[] {
  return Array.from({ length }, (_, row) => `${market.values[market.codes[row]]} ${symbol.values[symbol.codes[row]]}`);
}

export function idsOf({ trades }: TickBatch): string[] {
  return Array.from({ length: trades.length }, (_, row) => textAt(trades.id, row));
}

export const busy = new HindcastError('LOG_FULL', 'the log is full');

/**
 * Keeps the order and the rules of the real intake: each id once, a failed flush takes back all that was admitted after it,
 * and what is admitted with an old era is refused.
 */
export class FakeIntake implements TickIntake {
  era = 0;
  /** Instruments that can take no more, with the reason. */
  readonly full = new Map<string, string>();
  readonly stored: string[] = [];
  /** Called before each admission; what it throws is the answer. */
  onAdmit: () => void = () => undefined;
  private readonly waiting: (Pick<IntakeCounts, 'refused'> & {
    readonly ids: readonly string[];
    readonly settle: PromiseWithResolvers<IntakeCounts>;
  })[] = [];
  isFlushing = true;

  get unflushed(): number {
    return this.waiting.length;
  }

  whyFull(instrument: string): string | undefined {
    return this.full.get(instrument);
  }

  admit(
    batches: readonly TickBatch[],
    { era, leavesOutFull }: { readonly era: number; readonly leavesOutFull: boolean },
  ): Promise<{ readonly flushed: Promise<IntakeCounts> }> {
    this.onAdmit();
    const refused = [...this.full.keys()].filter((instrument) => batches.some((batch) => instrumentsOf(batch).includes(instrument)));
    if (refused.length > 0 && !leavesOutFull) return Promise.reject(new HindcastError('INSTRUMENT_FULL', `${refused[0]} is full`));
    if (era !== this.era) return Promise.reject(new HindcastError('LOG_UNAVAILABLE', 'an earlier batch failed'));
    const settle = Promise.withResolvers<IntakeCounts>();
    // Batches of tests are of one instrument each.
    const ids = refused.length > 0 ? [] : batches.flatMap(idsOf);
    const refusedRows = refused.map((instrument) => ({ instrument, rows: batches.flatMap(idsOf).length }));
    this.waiting.push({ ids, refused: refusedRows, settle });
    if (this.isFlushing) this.flush();
    return Promise.resolve({ flushed: settle.promise });
  }

  flush(count = this.waiting.length): void {
    for (const { ids, refused, settle } of this.waiting.splice(0, count)) {
      const fresh = ids.filter((id) => !this.stored.includes(id));
      this.stored.push(...fresh);
      const trades = { accepted: fresh.length, duplicate: ids.length - fresh.length, rejected: 0 };
      settle.resolve({ counts: { trades, quotes: { accepted: 0, duplicate: 0, rejected: 0 } }, refused });
    }
  }

  failFlush(): void {
    this.era++;
    for (const { settle } of this.waiting.splice(0)) settle.reject(new HindcastError('LOG_UNAVAILABLE', 'the disk is full'));
  }
}

/** Time that passes where somebody sleeps, and nowhere else. */
export function sleepingWorld(): FeedWorld & { readonly slept: number[] } {
  const slept: number[] = [];
  let nowUs = 0;
  return {
    slept,
    clock: { nowUs: () => nowUs },
    random: () => 0.5,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      nowUs += ms * 1_000;
      await new Promise(setImmediate);
      signal?.throwIfAborted();
    },
  };
}

export const liveStatus: SourceStatus = {
  state: 'live',
  lastMessageUs: null,
  lagMs: null,
  clockSkewMs: null,
  reconnects: 0,
  gaps: noGaps,
  detail: '',
  symbols: [],
};

const standing = { position: () => ({}), resume: () => undefined };

export function feedOf(name: string, open: () => AsyncIterable<TickBatch>): Feed {
  return { name, kind: 'files', status: () => liveStatus, ...standing, [Symbol.asyncIterator]: () => open()[Symbol.asyncIterator]() };
}

/** Says nothing until it is closed. */
export function silentFeed(name: string): Feed & { readonly isOpen: () => boolean } {
  let open = false;
  const iterator = (): AsyncIterator<TickBatch> => {
    const closed = Promise.withResolvers<IteratorResult<TickBatch>>();
    open = true;
    return {
      next: () => closed.promise,
      return: () => {
        open = false;
        closed.resolve({ done: true, value: undefined });
        return closed.promise;
      },
    };
  };
  return { name, kind: 'files', status: () => liveStatus, ...standing, isOpen: () => open, [Symbol.asyncIterator]: iterator };
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}
