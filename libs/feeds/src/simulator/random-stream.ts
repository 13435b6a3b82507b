/** Numbers of their own, because looking up a global for every draw costs more than the draw. */
const { imul, log, sqrt } = Math;

const warmUpDraws = 12;

/** Chris Doty-Humphrey's sfc32, seeded from words: the same words give the same numbers, other words unrelated ones. */
export class RandomStream {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;
  private spare = NaN;

  constructor(...seed: readonly (number | string)[]) {
    const words = seed.map((word) => (typeof word === 'string' ? hashOf(word) : word));
    this.a = mixed(words, 0x9e3779b9);
    this.b = mixed(words, 0x85ebca6b);
    this.c = mixed(words, 0xc2b2ae35);
    for (let draw = 0; draw < warmUpDraws; draw++) this.uniform();
  }

  /** Between 0 and 1, both excluded, so that its logarithm is finite. */
  uniform(): number {
    const mixedWord = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11) | 0) + mixedWord) | 0;
    return ((mixedWord >>> 0) + 0.5) / 4_294_967_296;
  }

  /** Mean 1. */
  exponential(): number {
    return -log(this.uniform());
  }

  /** Mean 0, variance 1: Marsaglia's polar method, which gives two at a time. */
  gaussian(): number {
    const { spare } = this;
    if (spare === spare) {
      this.spare = NaN;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = sqrt((-2 * log(square)) / square);
      this.spare = y * scale;
      return x * scale;
    }
  }

  /** Student's t with 3 or more degrees of freedom, scaled to variance 1. */
  studentT(degrees: number): number {
    let product = 1;
    for (let pair = 0; pair < degrees >> 1; pair++) product *= this.uniform();
    let chiSquare = -2 * log(product);
    if ((degrees & 1) === 1) chiSquare += this.gaussian() ** 2;
    return this.gaussian() * sqrt((degrees - 2) / chiSquare);
  }
}

/** FNV-1a. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash | 0;
}

/** The finish of MurmurHash3 after each word. */
function mixed(words: readonly number[], salt: number): number {
  let hash = salt | 0;
  for (const word of words) {
    hash = imul(hash ^ (word | 0), 0x85ebca6b);
    hash = imul(hash ^ (hash >>> 13) ^ Math.floor(word / 4_294_967_296), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash | 0;
}
