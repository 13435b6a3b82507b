import { HindcastError, isoFromUs } from '@hindcast/contracts';
import type { PhysicsState } from '@hindcast/physics';
import type { StateStore } from '@hindcast/ports';
import type { MarketFold } from './market-fold.js';

export interface StateQuestion {
  readonly symbol: string;
  /** The symbol's primary market where there is none. */
  readonly market: string | undefined;
  /** Now where there is none. */
  readonly atUs: number | undefined;
}

/** The newest state is in memory; the past is in the store. */
export class StateFinder {
  constructor(
    private readonly store: Pick<StateStore, 'newestStates'>,
    private readonly fold: () => MarketFold,
  ) {}

  /** The newest state at or before a time. SYMBOL_UNKNOWN, STATE_UNKNOWN. */
  async find({ symbol, market, atUs }: StateQuestion): Promise<PhysicsState> {
    const entry = market === undefined ? this.fold().primary(symbol) : this.fold().get({ market, symbol });
    const newest = entry?.newest;
    if (newest && (atUs === undefined || newest.timeUs <= atUs)) return newest;
    const ofMarket = market ?? entry?.instrument.market;
    const options = { symbols: [symbol], ...(ofMarket === undefined ? {} : { market: ofMarket }) };
    const [stored] = await this.store.newestStates({ ...options, ...(atUs === undefined ? {} : { asOfUs: atUs }) });
    if (stored) return stored;
    const isKnown = entry !== undefined || (await this.store.newestStates(options)).length > 0;
    if (!isKnown) throw new HindcastError('SYMBOL_UNKNOWN', `Nothing was ever recorded for ${nameOf({ symbol, market })}.`);
    const before = atUs === undefined ? '' : ` at or before ${isoFromUs(atUs)}`;
    throw new HindcastError('STATE_UNKNOWN', `There is no state of ${nameOf({ symbol, market })}${before}.`);
  }

  /** The newest state of each symbol's primary market, from memory; symbols without one are left out. */
  newest(symbols: readonly string[] = this.fold().symbols): readonly PhysicsState[] {
    return symbols.flatMap((symbol) => this.fold().primary(symbol)?.newest ?? []);
  }
}

function nameOf({ symbol, market }: { readonly symbol: string; readonly market: string | undefined }): string {
  return market === undefined ? symbol : `${symbol} of ${market}`;
}
