import { HindcastError } from '@hindcast/contracts';
import type { Clock, InstrumentSummary, TickStore } from '@hindcast/ports';

const keptUs = 5_000_000;

/** Which markets a symbol is recorded in; asked of the store at most every few seconds. */
export class Instruments {
  private readonly kept = new Map<string, { readonly atUs: number; readonly markets: readonly string[] }>();

  constructor(
    private readonly store: Pick<TickStore, 'instruments'>,
    private readonly clock: Clock,
  ) {}

  /** The market of a request: the one it names, else the only one that the symbol has. */
  async marketOf(symbol: string, market: string | undefined): Promise<string> {
    const markets = await this.markets(symbol, market);
    if (market !== undefined) {
      if (!markets.includes(market)) throw new HindcastError('SYMBOL_UNKNOWN', `nothing is recorded for ${symbol} in ${market}`);
      return market;
    }
    if (markets.length === 0) throw new HindcastError('SYMBOL_UNKNOWN', `nothing is recorded for ${symbol}`);
    if (markets.length > 1)
      throw new HindcastError('FIELD_INVALID', `market is missing; ${symbol} is recorded in ${markets.join(' and ')}`);
    return markets[0];
  }

  list(filter: { readonly symbol?: string; readonly market?: string }): Promise<readonly InstrumentSummary[]> {
    return this.store.instruments(filter);
  }

  private async markets(symbol: string, wanted: string | undefined): Promise<readonly string[]> {
    const kept = this.kept.get(symbol);
    const nowUs = this.clock.nowUs();
    const mayBeStale = wanted !== undefined && !kept?.markets.includes(wanted);
    if (kept && !mayBeStale && nowUs - kept.atUs < keptUs) return kept.markets;
    const summaries = await this.store.instruments({ symbol });
    const markets = [...new Set(summaries.map(({ market }) => market))].sort();
    // An unknown symbol, or one unknown in that market, is asked for again: it may be recorded by then.
    if (markets.length > 0) this.kept.set(symbol, { atUs: nowUs, markets });
    return markets;
  }
}
