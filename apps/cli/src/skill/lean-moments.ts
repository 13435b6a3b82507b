import { leanFeed } from '@hindcast/feeds';
import {
  freshTickRule,
  instrumentKey,
  sideCodes,
  tickRuleAfter,
  wordAt,
  type Instrument,
  type TickBatch,
  type TickRule,
} from '@hindcast/market';
import { InstrumentMoments, MomentColumns, type Horizon } from '@hindcast/memory';
import type { Clock } from '@hindcast/ports';

export interface LeanDays {
  readonly dataDir: string;
  readonly symbols: readonly string[];
  readonly fromDay: string;
  readonly toDay: string;
  readonly stateIntervalMs: number;
  readonly horizons: readonly Horizon[];
  readonly clock: Clock;
}

const batchRows = 20_000;

/** Recorded trades as moments with signatures and outcomes, the way that live ones become such. */
export async function leanMoments({
  dataDir,
  symbols,
  fromDay,
  toDay,
  stateIntervalMs,
  horizons,
  clock,
}: LeanDays): Promise<MomentColumns> {
  const columns = new MomentColumns(horizons);
  const instruments = new Map<string, LeanInstrument>();
  for await (const batch of await leanFeed({ dataDir, symbols, fromDay, toDay, kinds: ['trades'], batchRows, clock })) {
    const of = (instrument: Instrument): LeanInstrument => {
      const key = instrumentKey(instrument);
      let moments = instruments.get(key);
      if (!moments) instruments.set(key, (moments = new LeanInstrument(instrument, columns, stateIntervalMs)));
      return moments;
    };
    foldTrades(batch, of);
    for (const mark of batch.marks) of(mark).advance(mark.timeUs);
  }
  for (const moments of instruments.values()) moments.advance(Infinity);
  return columns;
}

function foldTrades({ trades }: TickBatch, of: (instrument: Instrument) => LeanInstrument): void {
  for (let row = 0; row < trades.length; row += 1) {
    const moments = of({ market: wordAt(trades.market, row), symbol: wordAt(trades.symbol, row) });
    moments.fold({ timeUs: trades.timeUs[row], price: trades.price[row], size: trades.size[row] });
  }
}

/** Trades of files are in order and have no side: the tick rule gives it, as in the service. */
class LeanInstrument {
  readonly #moments: InstrumentMoments;
  #rule: TickRule = freshTickRule;

  constructor(instrument: Instrument, columns: MomentColumns, stateIntervalMs: number) {
    this.#moments = new InstrumentMoments({ instrument, stateIntervalMs, columns });
  }

  fold({ timeUs, price, size }: { readonly timeUs: number; readonly price: number; readonly size: number }): void {
    this.#rule = tickRuleAfter(this.#rule, { timeUs, price });
    const sideSign = this.#rule.direction === sideCodes.buy ? 1 : this.#rule.direction === sideCodes.sell ? -1 : 0;
    this.#moments.fold({ timeUs, price, size, sideSign, late: false, sideInferred: sideSign !== 0 });
  }

  advance(timeUs: number): void {
    this.#moments.advance(timeUs);
  }
}
