import type { CodedColumn, QuoteColumns, TextColumn, TradeColumns } from './columns.js';

/**
 * Columns that grow row by row, for whatever parses text: feeds and the JSON door. Arrays double, and `build` hands out
 * views of them, so a builder is used for one batch and then dropped.
 */
export class CodedBuilder {
  private codes: Uint16Array;
  private readonly codeOf = new Map<string, number>();

  constructor(capacity: number) {
    this.codes = new Uint16Array(capacity);
  }

  set(row: number, word: string): void {
    let code = this.codeOf.get(word);
    if (code === undefined) this.codeOf.set(word, (code = this.codeOf.size));
    if (row >= this.codes.length) this.codes = grown(this.codes, new Uint16Array(this.codes.length * 2));
    this.codes[row] = code;
  }

  build(length: number): CodedColumn {
    const values = [...this.codeOf.keys()];
    return { codes: this.codes.subarray(0, length), values: values.length === 0 ? [''] : values };
  }
}

export class TextBuilder {
  private readonly offsets: number[] = [0];
  private bytes: Uint8Array;
  private used = 0;
  private static readonly encoder = new TextEncoder();

  constructor(capacity: number) {
    this.bytes = new Uint8Array(Math.max(capacity, 1) * 16);
  }

  push(text: string): void {
    while (this.used + text.length * 3 > this.bytes.length) this.bytes = grown(this.bytes, new Uint8Array(this.bytes.length * 2));
    this.used += TextBuilder.encoder.encodeInto(text, this.bytes.subarray(this.used)).written;
    this.offsets.push(this.used);
  }

  build(): TextColumn {
    return { offsets: Int32Array.from(this.offsets), bytes: this.bytes.subarray(0, this.used) };
  }
}

function grown<Values extends Uint8Array | Uint16Array | Float64Array>(from: Values, to: Values): Values {
  to.set(from);
  return to;
}

/** One row of either kind, before it becomes columns. */
interface TickFields {
  readonly timeUs: number;
  readonly symbol: string;
  readonly market: string;
  readonly exchange: string;
  readonly id: string;
  readonly conditions: string;
  /** Position in the batch. */
  readonly position: number;
}

export interface TradeFields extends TickFields {
  readonly price: number;
  readonly size: number;
  /** A `sideCodes` value. */
  readonly side: number;
}

export interface QuoteFields extends TickFields {
  readonly bid: number;
  readonly bidSize: number;
  readonly ask: number;
  readonly askSize: number;
}

export interface BatchOrigin {
  readonly source: string;
  readonly receivedAtUs: number;
}

export function tradeColumns(rows: readonly TradeFields[], origin: BatchOrigin): TradeColumns {
  return {
    ...commonColumns(rows, origin),
    price: Float64Array.from(rows, (row) => row.price),
    size: Float64Array.from(rows, (row) => row.size),
    side: Uint8Array.from(rows, (row) => row.side),
    sideInferred: new Uint8Array(rows.length),
    late: new Uint8Array(rows.length),
  };
}

export function quoteColumns(rows: readonly QuoteFields[], origin: BatchOrigin): QuoteColumns {
  return {
    ...commonColumns(rows, origin),
    bid: Float64Array.from(rows, (row) => row.bid),
    bidSize: Float64Array.from(rows, (row) => row.bidSize),
    ask: Float64Array.from(rows, (row) => row.ask),
    askSize: Float64Array.from(rows, (row) => row.askSize),
  };
}

type CommonColumns = Pick<TradeColumns, keyof TradeColumns & keyof QuoteColumns>;

function commonColumns(rows: readonly TickFields[], { source, receivedAtUs }: BatchOrigin): CommonColumns {
  const { length } = rows;
  const symbol = new CodedBuilder(Math.max(length, 1));
  const market = new CodedBuilder(Math.max(length, 1));
  const exchange = new CodedBuilder(Math.max(length, 1));
  const conditions = new CodedBuilder(Math.max(length, 1));
  const id = new TextBuilder(length);
  rows.forEach((row, at) => {
    symbol.set(at, row.symbol);
    market.set(at, row.market);
    exchange.set(at, row.exchange);
    conditions.set(at, row.conditions);
    id.push(row.id);
  });
  return {
    length,
    timeUs: Float64Array.from(rows, (row) => row.timeUs),
    symbol: symbol.build(length),
    sequence: Float64Array.from(rows, (row) => row.position),
    market: market.build(length),
    exchange: exchange.build(length),
    id: id.build(),
    receivedAtUs: new Float64Array(length).fill(receivedAtUs),
    source: { codes: new Uint16Array(length), values: [source] },
    conditions: conditions.build(length),
  };
}
