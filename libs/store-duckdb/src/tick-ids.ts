import type { TextColumn } from '@hindcast/market';
import type { StagedColumn } from './staged-rows.js';

/** More digits might not fit 64 bits. */
const digitsMax = 18;
/** Numbers of so many digits a double holds exactly. */
const exactDigits = 15;
const zero = 0x30;
const billion = 1e9;
const twoTo32 = 2 ** 32;
/** From here on a double would round. */
const exactHigh = 2 ** 21;
const reader = new TextDecoder();

/**
 * Ids into two columns: nearly all are whole numbers, which take eight bytes of fixed width and compress to almost nothing
 * where they count up; whatever else a source gives is kept as it is. An id is a number only where the number, written
 * again, is the id: `007` is text.
 */
export function stageId(ids: TextColumn, from: number, numbers: StagedColumn, texts: StagedColumn, at: number): void {
  const start = ids.offsets[from];
  const end = ids.offsets[from + 1];
  if (isWholeNumber(ids.bytes, start, end)) {
    texts.setNull(at);
    setDigits(ids.bytes, start, end, numbers, at);
  } else {
    numbers.setNull(at);
    texts.texts[at] = reader.decode(ids.bytes.subarray(start, end));
  }
}

function isWholeNumber(bytes: Uint8Array, start: number, end: number): boolean {
  const digits = end - start;
  if (digits === 0 || digits > digitsMax || (digits > 1 && bytes[start] === zero)) return false;
  for (let at = start; at < end; at++) {
    const digit = bytes[at] - zero;
    if (!(digit >= 0 && digit <= 9)) return false;
  }
  return true;
}

function setDigits(bytes: Uint8Array, start: number, end: number, numbers: StagedColumn, at: number): void {
  if (end - start <= exactDigits) {
    numbers.setWhole(at, numberOf(bytes, start, end));
    return;
  }
  // Beyond what a double holds, value = high x 10^9 + low; high in 16 bits each, so that every product is exact.
  const high = numberOf(bytes, start, end - 9);
  const upper = Math.floor(high / 65_536) * billion;
  const sum = (high % 65_536) * billion + numberOf(bytes, end - 9, end) + (upper % 65_536) * 65_536;
  const low = sum % twoTo32;
  numbers.setHalves(at, low, Math.floor(upper / 65_536) + (sum - low) / twoTo32);
}

function numberOf(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + bytes[at] - zero;
  return value;
}

/** Ids that are read back, as bytes one after the other. */
export class IdBuilder {
  readonly #offsets: Int32Array;
  #bytes: Uint8Array;
  #rows = 0;
  #used = 0;

  constructor(rows: number) {
    this.#offsets = new Int32Array(rows + 1);
    this.#bytes = new Uint8Array(Math.max(rows, 1) * 12);
  }

  /** A number of 64 bits, by its lower and upper half. */
  pushNumber(low: number, high: number): void {
    if (high >= exactHigh) {
      this.pushText(String((BigInt(high) << 32n) | BigInt(low)));
      return;
    }
    let rest = high * twoTo32 + low;
    let digits = 1;
    for (let bound = 10; rest >= bound; bound *= 10) digits++;
    this.#reserve(digits);
    for (let at = this.#used + digits - 1; at >= this.#used; at--) {
      const tenth = Math.floor(rest / 10);
      this.#bytes[at] = zero + rest - tenth * 10;
      rest = tenth;
    }
    this.#push(digits);
  }

  pushText(text: string): void {
    this.#reserve(text.length * 3);
    this.#push(IdBuilder.#encoder.encodeInto(text, this.#bytes.subarray(this.#used)).written);
  }

  build(): TextColumn {
    return { offsets: this.#offsets.subarray(0, this.#rows + 1), bytes: this.#bytes.subarray(0, this.#used) };
  }

  #push(length: number): void {
    this.#used += length;
    this.#offsets[++this.#rows] = this.#used;
  }

  #reserve(length: number): void {
    if (this.#used + length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + length));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  static readonly #encoder = new TextEncoder();
}
