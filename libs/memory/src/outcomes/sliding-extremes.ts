/** Fewer forgotten entries than this are not worth moving the rest for. */
const compactAbove = 1_024;

/**
 * The highest and the lowest value of a window whose ends both only move forward, in O(1) a step (amortised): of each
 * extreme only the candidates are kept, in descending order (Lemire 2006).
 */
export class SlidingExtremes {
  readonly #high = new Candidates((candidate, value) => candidate <= value);
  readonly #low = new Candidates((candidate, value) => candidate >= value);

  push(index: number, value: number): void {
    this.#high.push(index, value);
    this.#low.push(index, value);
  }

  /** The highest of the values from `index` on. */
  highestFrom(index: number): number {
    return this.#high.firstFrom(index);
  }

  lowestFrom(index: number): number {
    return this.#low.firstFrom(index);
  }

  clear(): void {
    this.#high.clear();
    this.#low.clear();
  }
}

class Candidates {
  #indexes: number[] = [];
  #values: number[] = [];
  #head = 0;

  constructor(private readonly isBeaten: (candidate: number, value: number) => boolean) {}

  push(index: number, value: number): void {
    while (this.#values.length > this.#head && this.isBeaten(this.#values[this.#values.length - 1], value)) {
      this.#values.pop();
      this.#indexes.pop();
    }
    this.#values.push(value);
    this.#indexes.push(index);
  }

  firstFrom(index: number): number {
    while (this.#head < this.#indexes.length && this.#indexes[this.#head] < index) this.#head += 1;
    if (this.#head > compactAbove && this.#head * 2 > this.#indexes.length) {
      this.#indexes = this.#indexes.slice(this.#head);
      this.#values = this.#values.slice(this.#head);
      this.#head = 0;
    }
    return this.#values[this.#head];
  }

  clear(): void {
    this.#indexes = [];
    this.#values = [];
    this.#head = 0;
  }
}
