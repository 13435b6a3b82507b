import { usFromIso, type PhysicsStateJson } from '@hindcast/contracts';

/** What the board takes of a state, in a snapshot or an update. */
export type BoardState = Pick<
  PhysicsStateJson,
  'symbol' | 'market' | 'timestamp' | 'price' | 'regime' | 'momentum' | 'friction' | 'entropy'
> & {
  readonly alpha: number | null;
  /** Of the state's window; updates do not say it. */
  readonly volume?: number;
};

export interface BoardRow extends Omit<BoardState, 'timestamp' | 'volume'> {
  readonly timeUs: number;
  /** Newest last. */
  readonly prices: readonly number[];
  /** Against the first price that the board has seen. */
  readonly change: number;
  readonly volume: number | undefined;
  /** Ask less bid over their middle; undefined where no quote is known. */
  readonly spread: number | undefined;
}

/** Prices kept of each instrument: more than any terminal has columns for. */
const pricesMax = 120;
/** An instrument more than that is not shown, and counted. */
const instrumentsMax = 2_000;

/** What is known of each instrument, as states and quotes come in. */
export class MarketBoard {
  readonly #rows = new Map<string, BoardRow & { readonly firstPrice: number }>();
  #left = 0;

  /** Older states than the newest one are passed over. */
  take({ timestamp, volume, ...state }: BoardState): void {
    const key = `${state.symbol} ${state.market}`;
    const known = this.#rows.get(key);
    const timeUs = usFromIso(timestamp);
    if (timeUs === undefined || (known && timeUs < known.timeUs)) return;
    if (!known && this.#rows.size >= instrumentsMax) {
      this.#left++;
      return;
    }
    const firstPrice = known?.firstPrice ?? state.price;
    const isNew = timeUs !== known?.timeUs;
    this.#rows.set(key, {
      ...state,
      timeUs,
      firstPrice,
      prices: isNew ? [...(known?.prices ?? []), state.price].slice(-pricesMax) : known.prices,
      change: firstPrice === 0 ? 0 : state.price / firstPrice - 1,
      volume: volume ?? known?.volume,
      spread: known?.spread,
    });
  }

  quote({ symbol, market, bid, ask }: { symbol: string; market: string; bid: number | null; ask: number | null }): void {
    const key = `${symbol} ${market}`;
    const known = this.#rows.get(key);
    if (known) this.#rows.set(key, { ...known, spread: bid === null || ask === null ? undefined : (2 * (ask - bid)) / (ask + bid) });
  }

  /** In the order of symbol and market. */
  rows(): readonly BoardRow[] {
    return [...this.#rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }

  /** States of instruments for which there was no room. */
  get left(): number {
    return this.#left;
  }
}
