import { emptyQuotes, emptyTrades, type CodedColumn, type Mark, type TextColumn, type TickBatch } from '@hindcast/market';
import type { SecondEvents } from './second-events.js';

/** An id is the event time in microseconds, which no two ticks of one kind and symbol share: 16 digits until 2286. */
const idBytes = 16;
const zero = 0x30;

export interface BatchLabels {
  readonly source: string;
  readonly market: string;
  readonly symbols: readonly string[];
}

/** Gathers events into one batch after another; its arrays are written again for each. */
export class SimulatedBatch {
  rows = 0;
  private readonly trades: Table;
  private readonly quotes: Table;

  constructor(
    rowsMax: number,
    private readonly labels: BatchLabels,
  ) {
    this.trades = new Table(rowsMax, labels);
    this.quotes = new Table(rowsMax, labels);
  }

  add(events: SecondEvents, at: number): void {
    (events.isTrade[at] === 1 ? this.trades : this.quotes).add(events, at, this.rows++);
  }

  /** The batch, and an empty one to go on with. */
  take({ receivedAtUs, marks }: { readonly receivedAtUs: number; readonly marks: readonly Mark[] }): TickBatch {
    const { trades, quotes, labels } = this;
    this.rows = 0;
    return {
      source: labels.source,
      receivedAtUs,
      slackUs: 0,
      trades: trades.length === 0 ? emptyTrades : trades.takeTrades(receivedAtUs),
      quotes: quotes.length === 0 ? emptyQuotes : quotes.takeQuotes(receivedAtUs),
      marks,
      rejected: [],
    };
  }
}

/** Columns of one kind, as in `SecondEvents`. */
class Table {
  length = 0;
  private readonly timeUs: Float64Array;
  private readonly sequence: Float64Array;
  private readonly symbol: Uint16Array;
  private readonly first: Float64Array;
  private readonly firstSize: Float64Array;
  private readonly second: Float64Array;
  private readonly secondSize: Float64Array;

  constructor(
    rowsMax: number,
    private readonly labels: BatchLabels,
  ) {
    this.timeUs = new Float64Array(rowsMax);
    this.sequence = new Float64Array(rowsMax);
    this.symbol = new Uint16Array(rowsMax);
    this.first = new Float64Array(rowsMax);
    this.firstSize = new Float64Array(rowsMax);
    this.second = new Float64Array(rowsMax);
    this.secondSize = new Float64Array(rowsMax);
  }

  add(events: SecondEvents, at: number, position: number): void {
    const row = this.length++;
    this.timeUs[row] = events.timeUs[at];
    this.sequence[row] = position;
    this.symbol[row] = events.place[at];
    this.first[row] = events.first[at];
    this.firstSize[row] = events.firstSize[at];
    this.second[row] = events.second[at];
    this.secondSize[row] = events.secondSize[at];
  }

  takeTrades(receivedAtUs: number): TickBatch['trades'] {
    const { length } = this;
    const columns = { price: this.first.slice(0, length), size: this.firstSize.slice(0, length), side: Uint8Array.from(this.sides()) };
    return { ...this.takeCommon(receivedAtUs), ...columns, sideInferred: new Uint8Array(length), late: new Uint8Array(length) };
  }

  takeQuotes(receivedAtUs: number): TickBatch['quotes'] {
    const { length } = this;
    return {
      ...this.takeCommon(receivedAtUs),
      bid: this.first.slice(0, length),
      bidSize: this.firstSize.slice(0, length),
      ask: this.second.slice(0, length),
      askSize: this.secondSize.slice(0, length),
    };
  }

  private sides(): Float64Array {
    return this.second.subarray(0, this.length);
  }

  private takeCommon(receivedAtUs: number) {
    const { length, labels } = this;
    const word = (text: string): CodedColumn => ({ codes: new Uint16Array(length), values: [text] });
    const timeUs = this.timeUs.slice(0, length);
    this.length = 0;
    return {
      length,
      timeUs,
      sequence: this.sequence.slice(0, length),
      symbol: { codes: this.symbol.slice(0, length), values: labels.symbols },
      market: word(labels.market),
      exchange: word(''),
      conditions: word(''),
      source: word(labels.source),
      id: idsOf(timeUs),
      receivedAtUs: new Float64Array(length).fill(receivedAtUs),
    };
  }
}

function idsOf(timeUs: Float64Array): TextColumn {
  const bytes = new Uint8Array(timeUs.length * idBytes);
  for (let row = 0; row < timeUs.length; row++) {
    const high = Math.floor(timeUs[row] / 100_000_000);
    writeDigits(bytes, row * idBytes, high);
    writeDigits(bytes, row * idBytes + 8, timeUs[row] - high * 100_000_000);
  }
  return { offsets: Int32Array.from({ length: timeUs.length + 1 }, (_, row) => row * idBytes), bytes };
}

function writeDigits(bytes: Uint8Array, start: number, value: number): void {
  let rest = value;
  for (let at = start + 7; at >= start; at--) {
    const tenth = (rest / 10) | 0;
    bytes[at] = zero + rest - tenth * 10;
    rest = tenth;
  }
}
