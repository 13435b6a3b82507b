import { utf8Reader, type TextColumn } from '@hindcast/market';
import type { StagedColumn } from './staged-rows.js';

/** More digits might not fit 64 bits. */
const digitsMax = 18;
/** Numbers of so many digits a double holds exactly. */
const exactDigits = 15;
const zero = 0x30;
const nine = 0x39;
const billion = 1e9;
const twoTo32 = 2 ** 32;
/** From here on a double would round. */
const exactHigh = 2 ** 21;
const writer = new TextEncoder();

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
    texts.texts[at] = utf8Reader.decode(ids.bytes.subarray(start, end));
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

/** Ids as they are read back: the halves of 64-bit numbers, and by row the texts of those that are none. */
export interface ReadIds {
  readonly length: number;
  readonly halves: Uint32Array;
  readonly texts: ReadonlyMap<number, string>;
  /** The rows in the order in which they are wanted; undefined where they lie so. */
  readonly order?: Uint32Array | undefined;
}

/** Ids as bytes, one after the other. */
export function idColumn({ length, halves, texts, order }: ReadIds): TextColumn {
  const offsets = new Int32Array(length + 1);
  let bytes = new Uint8Array(length * digitsMax + longestBytes(texts));
  let used = 0;
  let before = NaN;
  for (let at = 0; at < length; at++) {
    const row = order ? order[at] : at;
    const text = texts.size > 0 ? textOf(texts, row, halves) : longText(halves, row);
    if (text === undefined) {
      const value = halves[2 * row + 1] * twoTo32 + halves[2 * row];
      used = value === before + 1 ? writeNext(bytes, offsets[at - 1], used, value) : writeDigits(bytes, used, value);
      before = value;
    } else {
      used += writer.encodeInto(text, bytes.subarray(used)).written;
      before = NaN;
    }
    offsets[at + 1] = used;
  }
  bytes = bytes.slice(0, used);
  return { offsets, bytes };
}

function textOf(texts: ReadIds['texts'], row: number, halves: Uint32Array): string | undefined {
  return texts.get(row) ?? longText(halves, row);
}

/** Numbers that a double would round, as text. */
function longText(halves: Uint32Array, row: number): string | undefined {
  const high = halves[2 * row + 1];
  return high < exactHigh ? undefined : String((BigInt(high) << 32n) | BigInt(halves[2 * row]));
}

function longestBytes(texts: ReadIds['texts']): number {
  let bytes = 0;
  for (const text of texts.values()) bytes += text.length * 3;
  return bytes;
}

/** Ids of a feed count up: the digits of the one before, the last of them one more, without a division. Returns where they end. */
function writeNext(bytes: Uint8Array, from: number, start: number, value: number): number {
  if (bytes[start - 1] === nine) return writeDigits(bytes, start, value);
  let at = start;
  for (let digit = from; digit < start; digit++) bytes[at++] = bytes[digit];
  bytes[at - 1]++;
  return at;
}

/** Nine digits at a time, because those are whole numbers of 32 bits, which divide fastest. Returns where they end. */
function writeDigits(bytes: Uint8Array, start: number, value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  let at = start + digits;
  for (let rest = value; at > start; rest = Math.floor(rest / billion)) {
    const stop = Math.max(start, at - 9);
    for (let some = (rest % billion) | 0; at > stop; some = (some / 10) | 0) bytes[--at] = zero + (some % 10);
  }
  return start + digits;
}
