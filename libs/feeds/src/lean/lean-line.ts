const comma = 0x2c;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const point = 0x2e;
const zero = 0x30;

/** A fraction of n digits divides by the nth: exact, because both numbers are whole and far below 2^53. */
const powersOfTen = Array.from({ length: 16 }, (_, digits) => 10 ** digits);
const digitsMax = 15;

/**
 * Reads the fields of CSV lines straight from bytes: no strings, no objects a row. Words that repeat (exchanges,
 * conditions) get a number each, the empty word 0. A field that does not read makes its line not whole.
 */
export class LeanLine {
  readonly words: string[] = [''];
  private readonly wordOf = new Map<string, number>([['', 0]]);
  private readonly wordOfKey = new Map<number, number>();
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private sound = true;
  private ended = false;

  /** Stands at the line that starts at `at`; the bytes must hold its line feed. */
  start(bytes: Uint8Array, at: number): void {
    this.bytes = bytes;
    this.at = at;
    this.sound = true;
    this.ended = false;
  }

  /** A whole number or a decimal fraction, not negative. */
  number(): number {
    const { bytes } = this;
    let at = this.at;
    let value = 0;
    let digit = bytes[at] - zero;
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digit = bytes[++at] - zero;
    }
    const whole = at - this.at;
    let digits = whole;
    if (bytes[at] === point) {
      digit = bytes[++at] - zero;
      while (digit >= 0 && digit <= 9) {
        value = value * 10 + digit;
        digits++;
        digit = bytes[++at] - zero;
      }
    }
    if (digits === 0 || digits > digitsMax) this.sound = false;
    this.leave(at);
    return digits === whole ? value : value / powersOfTen[Math.min(digits - whole, digitsMax)];
  }

  word(): number {
    const start = this.at;
    const end = this.fieldEnd();
    this.leave(end);
    return this.wordNumber(start, end, false);
  }

  /** The condition, and `,suspicious` after it where the flag that follows is set. */
  conditions(): number {
    const start = this.at;
    const end = this.fieldEnd();
    this.leave(end);
    const suspicious = this.number();
    if (suspicious > 1) this.sound = false;
    return this.wordNumber(start, end, suspicious === 1);
  }

  /** True where every field was read and the line ends with the last of them. */
  isWhole(): boolean {
    return this.sound && this.ended;
  }

  /** Where the next line starts, once this one is whole. */
  get end(): number {
    return this.at;
  }

  private leave(end: number): void {
    if (this.ended) this.sound = false;
    const byte = this.bytes[end];
    this.at = end + 1;
    if (byte === comma) return;
    this.ended = true;
    if (byte === carriageReturn && this.bytes[end + 1] === lineFeed) this.at = end + 2;
    else if (byte !== lineFeed) this.sound = false;
  }

  private fieldEnd(): number {
    const { bytes } = this;
    let at = this.at;
    while (at < bytes.length && bytes[at] !== comma && bytes[at] !== lineFeed && bytes[at] !== carriageReturn) at++;
    return at;
  }

  private wordNumber(start: number, end: number, suspicious: boolean): number {
    // Up to 8 of 0-9 A-Z a-o make a number to look the word up by, six bits each: no string a row.
    if (end - start > 8) return this.wordNumberOf(start, end, suspicious);
    let key = suspicious ? 1 : 2;
    for (let at = start; at < end; at++) {
      const digit = this.bytes[at] - zero;
      if (digit < 0 || digit > 63) return this.wordNumberOf(start, end, suspicious);
      key = key * 64 + digit;
    }
    let known = this.wordOfKey.get(key);
    if (known === undefined) this.wordOfKey.set(key, (known = this.wordNumberOf(start, end, suspicious)));
    return known;
  }

  private wordNumberOf(start: number, end: number, suspicious: boolean): number {
    const text = String.fromCharCode(...this.bytes.subarray(start, end));
    const word = suspicious ? (text === '' ? 'suspicious' : `${text},suspicious`) : text;
    let known = this.wordOf.get(word);
    if (known === undefined) {
      known = this.words.push(word) - 1;
      this.wordOf.set(word, known);
    }
    return known;
  }
}
