/**
 * Columns of a batch. One batch of 1,000 ticks costs what ten single ticks cost, so ticks never travel as objects:
 * numbers lie in typed arrays, repeated words as codes into a short list, ids as bytes.
 */

/** Words that repeat: `values[codes[row]]`; the empty word stands for absent. */
export interface CodedColumn {
  readonly codes: Uint16Array;
  readonly values: readonly string[];
}

/** Words that do not repeat: row r is the UTF-8 in `bytes` from `offsets[r]` to `offsets[r + 1]`. */
export interface TextColumn {
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
}

/** The aggressor's side as a code. */
export const sideCodes = { none: 0, buy: 1, sell: 2 } as const;
export const sideNames = ['', 'B', 'S'] as const;

export interface TradeColumns {
  readonly length: number;
  /** Event time, integer microseconds since the epoch. */
  readonly timeUs: Float64Array;
  readonly symbol: CodedColumn;
  /** Arrival order: batch number x 65,536 + position; before admission the position alone. */
  readonly sequence: Float64Array;
  readonly market: CodedColumn;
  readonly exchange: CodedColumn;
  readonly id: TextColumn;
  readonly price: Float64Array;
  readonly size: Float64Array;
  /** A `sideCodes` value. */
  readonly side: Uint8Array;
  /** 1 where the tick rule filled the side in. */
  readonly sideInferred: Uint8Array;
  /** 1 where the trade's bar had closed when it arrived. */
  readonly late: Uint8Array;
  readonly receivedAtUs: Float64Array;
  readonly source: CodedColumn;
  readonly conditions: CodedColumn;
}

export interface QuoteColumns {
  readonly length: number;
  readonly timeUs: Float64Array;
  readonly symbol: CodedColumn;
  readonly sequence: Float64Array;
  readonly market: CodedColumn;
  readonly exchange: CodedColumn;
  readonly id: TextColumn;
  /** NaN where the side is absent, its size too. */
  readonly bid: Float64Array;
  readonly bidSize: Float64Array;
  readonly ask: Float64Array;
  readonly askSize: Float64Array;
  readonly receivedAtUs: Float64Array;
  readonly source: CodedColumn;
  readonly conditions: CodedColumn;
}

const utf8 = new TextEncoder();
/** A byte order mark at the beginning is part of a text, as it is of the tick's identity. */
export const utf8Reader = new TextDecoder('utf-8', { ignoreBOM: true });

export function textAt(column: TextColumn, row: number): string {
  return utf8Reader.decode(column.bytes.subarray(column.offsets[row], column.offsets[row + 1]));
}

export function wordAt(column: CodedColumn, row: number): string {
  return column.values[column.codes[row]];
}

export function codedColumn(words: readonly string[]): CodedColumn {
  const codes = new Uint16Array(words.length);
  const codeOf = new Map<string, number>();
  words.forEach((word, row) => {
    let code = codeOf.get(word);
    if (code === undefined) codeOf.set(word, (code = codeOf.size));
    codes[row] = code;
  });
  return { codes, values: [...codeOf.keys()] };
}

/** The same word in every row. */
export function constantColumn(word: string, length: number): CodedColumn {
  return { codes: new Uint16Array(length), values: [word] };
}

export function textColumn(words: readonly string[]): TextColumn {
  const encoded = words.map((word) => utf8.encode(word));
  const offsets = new Int32Array(words.length + 1);
  encoded.forEach((bytes, row) => (offsets[row + 1] = offsets[row] + bytes.length));
  const bytes = new Uint8Array(offsets[words.length]);
  encoded.forEach((part, row) => {
    bytes.set(part, offsets[row]);
  });
  return { offsets, bytes };
}
