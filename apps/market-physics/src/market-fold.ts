import type { MarketSnapshot } from '@hindcast/contracts';
import {
  instrumentKey,
  wordAt,
  type CodedColumn,
  type Instrument,
  type LoggedBatch,
  type QuoteColumns,
  type TradeColumns,
} from '@hindcast/market';
import type { PhysicsState } from '@hindcast/physics';
import { noInheritance } from '@hindcast/ports';
import { InstrumentFold, type InstrumentCut, type SavedInstrument } from './instrument-fold.js';
import type { Announcement } from './state-announcer.js';

export interface FoldOptions {
  readonly stateIntervalMs: number;
  /** Which market drives `physics:state:{symbol}`; of other symbols it is the one whose first trade came first. */
  readonly primaryMarkets: Readonly<Record<string, string>>;
  readonly instrumentsMax: number;
  /** True for the states that get a vector. */
  readonly isEmbeddingDue: (state: PhysicsState) => boolean;
}

/** Everything that the log said up to and including batch `number`, since the cut before. */
export interface FoldCut {
  readonly number: number;
  /** Nothing of an earlier checkpoint holds any more. */
  readonly anew: boolean;
  readonly instruments: readonly InstrumentCut[];
  /** States due a vector. */
  readonly due: readonly PhysicsState[];
  readonly states: number;
}

export interface SavedFold {
  readonly number: number;
  /** In the order in which they were first seen. */
  readonly instruments: readonly SavedInstrument[];
  readonly states: number;
}

/** By `sideCodes`: none, buy, sell. */
export const sideSigns = [0, 1, -1] as const;

/** A log's first batch has the number after it. */
export const numberBeforeAll = noInheritance.firstNumber - 1;

const refusedNamesMax = 10;

/**
 * The log on its way to states: batch by batch, a fold without any IO. Trades that came in time are folded into their
 * instrument's window in sequence order, then the clocks move, then what is due comes out. Cutting the same order into
 * other batches gives the same states.
 *
 * Bounded by `instrumentsMax`: the ticks of an instrument beyond it are passed over, and `refused` says so. Dropping a
 * resting instrument instead would make its states depend on which others traded.
 */
export class MarketFold {
  private readonly instruments = new Map<string, InstrumentFold>();
  private readonly primaries = new Map<string, InstrumentFold>();
  private readonly refusedKeys = new Set<string>();
  private due: PhysicsState[] = [];
  private anew: boolean;
  private statesMade: number;
  private foldedNumber: number;
  refusedRows = 0;

  constructor(
    private readonly options: FoldOptions,
    saved?: SavedFold,
  ) {
    this.anew = saved === undefined;
    this.statesMade = saved?.states ?? 0;
    this.foldedNumber = saved?.number ?? numberBeforeAll;
    for (const instrument of saved?.instruments ?? []) this.add(instrument.instrument, instrument);
  }

  get number(): number {
    return this.foldedNumber;
  }

  /** States since the beginning of this fold, restarts included. */
  get states(): number {
    return this.statesMade;
  }

  /** Due states that no cut has taken yet. */
  get dueCount(): number {
    return this.due.length;
  }

  get all(): readonly InstrumentFold[] {
    return [...this.instruments.values()];
  }

  get symbols(): readonly string[] {
    return [...this.primaries.keys()];
  }

  /** Names of instruments beyond the bound; the first few. */
  get refused(): readonly string[] {
    return [...this.refusedKeys];
  }

  get(instrument: Instrument): InstrumentFold | undefined {
    return this.instruments.get(instrumentKey(instrument));
  }

  /** The instrument that speaks for a symbol: the one named, or whose first trade came first, or that came first at all. */
  primary(symbol: string): InstrumentFold | undefined {
    return this.primaries.get(symbol);
  }

  /** The entry of an instrument, made where there is none; undefined beyond the bound. */
  entry(instrument: Instrument): InstrumentFold | undefined {
    const key = instrumentKey(instrument);
    const known = this.instruments.get(key);
    if (known) return known;
    if (this.instruments.size < this.options.instrumentsMax) return this.add(instrument);
    if (this.refusedKeys.size < refusedNamesMax) this.refusedKeys.add(key);
    return undefined;
  }

  step(batch: LoggedBatch): Announcement {
    const touched = new Set<InstrumentFold>();
    this.foldTrades(batch.trades, batch.slackUs, touched);
    this.foldQuotes(batch.quotes, touched);
    for (const mark of batch.marks) {
      const entry = this.get(mark);
      entry?.moveClock(mark.timeUs);
      if (entry) touched.add(entry);
    }
    this.foldedNumber = batch.number;
    return this.announce(touched);
  }

  /** The first trade of an instrument had this sequence: it may have come before that of another market. */
  traded(entry: InstrumentFold, firstSequence: number): void {
    entry.firstSequence = firstSequence;
    this.settlePrimary(entry);
  }

  /** Everything up to batch `number` came from the store, `states` of them new. */
  caughtUp({ number, states }: { readonly number: number; readonly states: number }): void {
    this.foldedNumber = number;
    this.statesMade += states;
  }

  cut(): FoldCut {
    const instruments: InstrumentCut[] = [];
    for (const entry of this.instruments.values()) {
      const cut = entry.cut();
      if (cut) instruments.push(cut);
    }
    const taken = { number: this.foldedNumber, anew: this.anew, instruments, due: this.due, states: this.statesMade };
    this.anew = false;
    this.due = [];
    return taken;
  }

  private foldTrades(trades: TradeColumns, slackUs: number, touched: Set<InstrumentFold>): void {
    const entryAt = this.entries(trades);
    const { timeUs, price, size, side, sequence, late } = trades;
    for (let row = 0; row < trades.length; row += 1) {
      const entry = entryAt(row);
      if (!entry) continue;
      if (entry.firstSequence === Infinity) this.traded(entry, sequence[row]);
      entry.trade({
        timeUs: timeUs[row],
        price: price[row],
        size: size[row],
        sideSign: sideSigns[side[row]],
        sequence: sequence[row],
        late: late[row] === 1,
        slackUs,
      });
      touched.add(entry);
    }
  }

  private foldQuotes(quotes: QuoteColumns, touched: Set<InstrumentFold>): void {
    const entryAt = this.entries(quotes);
    const { timeUs, exchange, bid, ask } = quotes;
    for (let row = 0; row < quotes.length; row += 1) {
      const entry = entryAt(row);
      if (!entry) continue;
      entry.quote({ timeUs: timeUs[row], exchange: wordAt(exchange, row), bid: bid[row], ask: ask[row] });
      touched.add(entry);
    }
  }

  /** The entry of each row, looked up once for each pair of codes. */
  private entries({
    market,
    symbol,
  }: {
    readonly market: CodedColumn;
    readonly symbol: CodedColumn;
  }): (row: number) => InstrumentFold | undefined {
    const found = new Map<number, InstrumentFold | undefined>();
    return (row) => {
      const pair = market.codes[row] * symbol.values.length + symbol.codes[row];
      let entry = found.get(pair);
      if (entry === undefined && !found.has(pair)) {
        entry = this.entry({ market: wordAt(market, row), symbol: wordAt(symbol, row) });
        found.set(pair, entry);
      }
      if (!entry) this.refusedRows += 1;
      return entry;
    };
  }

  private announce(touched: ReadonlySet<InstrumentFold>): Announcement {
    const states: PhysicsState[] = [];
    const keyed: PhysicsState[] = [];
    const snapshots = new Map<string, MarketSnapshot>();
    for (const entry of touched) {
      const closed = entry.close();
      for (const state of closed) states.push(state);
      const { symbol } = entry.instrument;
      if (this.primaries.get(symbol) !== entry) continue;
      if (closed.length > 0) keyed.push(closed[closed.length - 1]);
      const snapshot = entry.snapshot();
      if (snapshot) snapshots.set(symbol, snapshot);
    }
    if (touched.size > 1) states.sort(byTimeThenInstrument);
    this.count(states);
    return { states, keyed, snapshots };
  }

  private count(states: readonly PhysicsState[]): void {
    this.statesMade += states.length;
    for (const state of states) if (this.options.isEmbeddingDue(state)) this.due.push(state);
  }

  private add(instrument: Instrument, saved?: SavedInstrument): InstrumentFold {
    const entry = new InstrumentFold(instrument, saved?.part.place ?? this.instruments.size, this.options.stateIntervalMs, saved);
    this.instruments.set(instrumentKey(instrument), entry);
    this.settlePrimary(entry);
    return entry;
  }

  private settlePrimary(entry: InstrumentFold): void {
    const { symbol, market } = entry.instrument;
    const named = this.options.primaryMarkets[symbol];
    const before = this.primaries.get(symbol);
    if (before && before.instrument.market === named) return;
    if (!before || market === named || entry.firstSequence < before.firstSequence) this.primaries.set(symbol, entry);
  }
}

function byTimeThenInstrument(a: PhysicsState, b: PhysicsState): number {
  if (a.timeUs !== b.timeUs) return a.timeUs - b.timeUs;
  if (a.symbol !== b.symbol) return a.symbol < b.symbol ? -1 : 1;
  return a.market < b.market ? -1 : a.market === b.market ? 0 : 1;
}
