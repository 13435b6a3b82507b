import { Buffer } from 'node:buffer';

/** Four decimal digits at a time: bytes 4n to 4n+3 are n, with leading zeros. */
const fourDigits = new Uint8Array(40_000);
for (let n = 0; n < 10_000; n++) {
  fourDigits[4 * n] = 48 + Math.floor(n / 1_000);
  fourDigits[4 * n + 1] = 48 + (Math.floor(n / 100) % 10);
  fourDigits[4 * n + 2] = 48 + (Math.floor(n / 10) % 10);
  fourDigits[4 * n + 3] = 48 + (n % 10);
}

/** Precedes the eight bytes of a double in version 2 of the line protocol. */
const binaryDouble = 0x10;
const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;
const carriageReturn = 0x0d;

/** The longest that a number can get: sixteen digits and a sign. */
export const digitsMax = 17;

/**
 * Bytes of the InfluxDB line protocol, appended to one buffer that grows. It knows how values are written and nothing
 * of tables. Callers reserve room for a row once, by `reserve`, so that the writers of values need no check of their own.
 */
export class IlpWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array = Buffer.allocUnsafeSlow(1 << 16)) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.#position;
  }

  /** What was written; a view that the next write may leave behind, so send it or copy it first. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#position);
  }

  /** Makes room for at least `bytes` more; doubles, so that growing costs a constant a byte. */
  reserve(bytes: number): void {
    const needed = this.#position + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.written());
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer, larger.byteOffset, larger.byteLength);
  }

  byte(value: number): void {
    this.#bytes[this.#position++] = value;
  }

  raw(part: Uint8Array): void {
    const bytes = this.#bytes;
    let position = this.#position;
    // For parts of some dozen bytes a loop is faster than the call that `set` makes.
    for (let i = 0; i < part.length; i++) bytes[position++] = part[i];
    this.#position = position;
  }

  /** Eight bytes, least first: exact, and a tenth of the cost of decimal digits on either side. */
  double(value: number): void {
    this.#bytes[this.#position] = binaryDouble;
    this.#view.setFloat64(this.#position + 1, value, true);
    this.#position += 9;
  }

  /** A whole number between -(2^53 - 1) and 2^53 - 1. */
  integer(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number that a double holds exactly`);
    let rest = value;
    if (rest < 0) {
      this.byte(45);
      rest = -rest;
    }
    const high = Math.floor(rest / 100_000_000);
    const low = rest - high * 100_000_000;
    if (high === 0) {
      this.#leading(low);
      return;
    }
    this.#leading(high);
    this.#four(Math.floor(low / 10_000));
    this.#four(low % 10_000);
  }

  /** `text` as UTF-8 inside double quotes, as the value of a string field. */
  quoted(text: Uint8Array): void {
    const bytes = this.#bytes;
    let position = this.#position;
    bytes[position++] = quote;
    for (let i = 0; i < text.length; i++) {
      const value = text[i];
      if (value === quote || value === backslash || value === newline || value === carriageReturn) bytes[position++] = backslash;
      bytes[position++] = value;
    }
    bytes[position++] = quote;
    this.#position = position;
  }

  /** Below 10^9, without leading zeros. */
  #leading(value: number): void {
    if (value >= 10_000) {
      this.#leading(Math.floor(value / 10_000));
      this.#four(value % 10_000);
      return;
    }
    const digits = value >= 1_000 ? 4 : value >= 100 ? 3 : value >= 10 ? 2 : 1;
    for (let i = 4 - digits; i < 4; i++) this.#bytes[this.#position++] = fourDigits[4 * value + i];
  }

  #four(value: number): void {
    const bytes = this.#bytes;
    const from = 4 * value;
    bytes[this.#position] = fourDigits[from];
    bytes[this.#position + 1] = fourDigits[from + 1];
    bytes[this.#position + 2] = fourDigits[from + 2];
    bytes[this.#position + 3] = fourDigits[from + 3];
    this.#position += 4;
  }
}
