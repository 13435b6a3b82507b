import { hourUs, isoFromUs, secondUs, HindcastError } from '@hindcast/contracts';
import { batchRowsMax, type Mark, type TickBatch } from '@hindcast/market';
import { HourWalk, originUs } from './hour-walk.js';
import { OrderFlow } from './order-flow.js';
import { SecondEvents } from './second-events.js';
import { SecondPath } from './second-path.js';
import { SimulatedBatch } from './simulated-batch.js';
import type { SimulatedSymbol } from './simulated-symbol.js';

export interface SimulatedMarketOptions {
  readonly seed: number;
  /** `simulated/spot`. */
  readonly market: string;
  readonly symbols: readonly SimulatedSymbol[];
  /** Nothing before this time is handed out. */
  readonly fromUs: number;
  readonly batchRows: number;
}

interface Simulated {
  readonly path: SecondPath;
  readonly flow: OrderFlow;
}

/**
 * A market that follows from its seed and nothing else: the ticks of any time are the same whether it is asked for a week
 * in one go, second by second, or for this very hour alone, and whatever a batch holds. An hour's ticks need no other hour;
 * one that is begun in its middle is made from its start.
 */
export class SimulatedMarket {
  /** All that happened before this time was handed out. */
  nowUs: number;
  private readonly walk: HourWalk;
  private readonly simulated: readonly Simulated[];
  private readonly events = new SecondEvents();
  private readonly batch: SimulatedBatch;
  private rank = 0;
  private nextSecondUs: number;
  private markIntervalUs = hourUs;
  private markUs: number;

  constructor(private readonly options: SimulatedMarketOptions) {
    const { seed, symbols, market, fromUs, batchRows } = options;
    if (fromUs < originUs) {
      throw new HindcastError('FIELD_INVALID', `from is ${isoFromUs(fromUs)}; simulated markets begin at ${isoFromUs(originUs)}`);
    }
    if (!Number.isSafeInteger(batchRows) || batchRows < 1 || batchRows > batchRowsMax) {
      throw new HindcastError('FIELD_INVALID', `batchRows is ${batchRows}; a batch has 1 to ${batchRowsMax}`);
    }
    // In an order of their own, whatever the order in which they were named.
    const ordered = [...symbols].sort((one, other) => (one.symbol < other.symbol ? -1 : 1));
    this.walk = new HourWalk(seed, ordered);
    this.simulated = ordered.map((symbol, place) => {
      const path = new SecondPath(seed, symbol);
      return { path, flow: new OrderFlow(seed, symbol, path, place) };
    });
    this.batch = new SimulatedBatch(batchRows, { source: simulatorSource(seed), market, symbols: ordered.map(({ symbol }) => symbol) });
    this.nowUs = fromUs;
    this.nextSecondUs = Math.floor(fromUs / hourUs) * hourUs;
    this.markUs = this.nextMarkUs();
    this.skipTo(fromUs);
  }

  /**
   * At each multiple of so many whole seconds, a mark for every symbol ends a batch: "nothing at or before it will come".
   * Once an hour where nothing else is said. Marks apart, what is handed out does not depend on it.
   */
  markEvery(intervalUs: number): void {
    if (intervalUs === this.markIntervalUs) return;
    this.markIntervalUs = intervalUs;
    this.markUs = this.nextMarkUs();
  }

  /**
   * The next batch with nothing at or after `untilUs`, a whole second or not. Undefined where none is left before it; a
   * mark at `untilUs` itself still comes.
   */
  take(untilUs: number, receivedAtUs: number): TickBatch | undefined {
    const { batch, events, options } = this;
    for (;;) {
      while (this.rank < events.length && batch.rows < options.batchRows) {
        const at = events.at(this.rank);
        const timeUs = events.timeUs[at];
        if (timeUs >= untilUs) return this.taken(untilUs, receivedAtUs);
        batch.add(events, at);
        this.nowUs = timeUs;
        this.rank++;
      }
      if (batch.rows === options.batchRows) return batch.take({ receivedAtUs, marks: [] });
      if (this.nextSecondUs === this.markUs && this.markUs <= untilUs) return this.marked(receivedAtUs);
      if (this.nextSecondUs >= untilUs) return this.taken(untilUs, receivedAtUs);
      this.nextSecond();
    }
  }

  private taken(untilUs: number, receivedAtUs: number): TickBatch | undefined {
    this.nowUs = Math.max(this.nowUs, untilUs);
    return this.batch.rows === 0 ? undefined : this.batch.take({ receivedAtUs, marks: [] });
  }

  /** A batch of marks at the time up to which all was handed out: there will be nothing more. */
  end(receivedAtUs: number): TickBatch {
    return this.batch.take({ receivedAtUs, marks: this.marksAt(this.nowUs) });
  }

  private marked(receivedAtUs: number): TickBatch {
    const timeUs = this.markUs;
    this.nowUs = timeUs;
    this.markUs = this.nextMarkUs();
    return this.batch.take({ receivedAtUs, marks: this.marksAt(timeUs) });
  }

  private marksAt(timeUs: number): readonly Mark[] {
    const { market, symbols } = this.options;
    return symbols.map(({ symbol }) => ({ market, symbol, timeUs }));
  }

  private nextMarkUs(): number {
    return (Math.floor(this.nowUs / this.markIntervalUs) + 1) * this.markIntervalUs;
  }

  private nextSecond(): void {
    const { events, simulated } = this;
    const startUs = this.nextSecondUs;
    const hour = Math.floor(startUs / hourUs);
    const second = (startUs - hour * hourUs) / secondUs;
    if (second === 0) this.startHour(hour);
    events.start(startUs);
    for (const { flow } of simulated) flow.trade(second, startUs, events);
    events.sort();
    this.rank = 0;
    this.nextSecondUs += secondUs;
  }

  private startHour(hour: number): void {
    this.walk.at(hour).forEach((simulatedHour, place) => {
      const { path, flow } = this.simulated[place];
      path.draw(simulatedHour);
      flow.startHour(hour);
    });
  }

  /** The hour is made from its start, because each of its events depends on the one before. */
  private skipTo(fromUs: number): void {
    while (this.nextSecondUs <= fromUs) this.nextSecond();
    while (this.rank < this.events.length && this.events.timeUs[this.events.at(this.rank)] < fromUs) this.rank++;
  }
}

/** Who gave the ids: a simulation is told from another by its seed. */
export function simulatorSource(seed: number): string {
  return `simulator:${seed}`;
}
