/**
 * What an undisturbed stack held, kept in files, so that stacks with harder lives can be held against it long after it has
 * gone. Equal contents are told by their hashes; of others the first rows that differ are shown.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { embeddingsOf, firstDifference, quotesOf, statesOf, tradesOf } from '../contents.mjs';

/** By what is compared; each gives lines in a fixed order. */
const stackReaders = {
  trades: (stack, symbol) => tradesOf(stack, [symbol]),
  quotes: (stack, symbol) => quotesOf(stack, [symbol]),
  market_states: (stack, symbol) => statesOf(stack, [symbol], { mode: true }),
  // As they are where some of them were made again in hindsight.
  'market_states without their mode': (stack, symbol) => statesOf(stack, [symbol]),
  market_state_embeddings: (stack, symbol) => embeddingsOf(stack, [symbol]),
};

export const everything = Object.freeze(['trades', 'quotes', 'market_states', 'market_state_embeddings']);
export const madeInHindsight = Object.freeze(['trades', 'quotes', 'market_states without their mode', 'market_state_embeddings']);

export class KeptContents {
  #folder;
  #symbols;
  #readers;
  #hashes = new Map();

  /** @param {{ folder: string, symbols: readonly string[], readers?: Readonly<Record<string, (stack: any, symbol: string) => Promise<readonly string[]>>> }} options */
  constructor({ folder, symbols, readers = stackReaders }) {
    this.#folder = folder;
    this.#symbols = symbols;
    this.#readers = readers;
    mkdirSync(folder, { recursive: true });
  }

  /** Reads all of a stack, a symbol at a time; returns how many lines each kind of content has. */
  async keep(stack) {
    const lines = {};
    for (const [what, symbol] of this.#parts(Object.keys(this.#readers))) {
      const read = await this.#readers[what](stack, symbol);
      this.#hashes.set(`${what} ${symbol}`, hashOf(read));
      writeFileSync(this.#file(what, symbol), read.join('\n'));
      lines[what] = (lines[what] ?? 0) + read.length;
    }
    return lines;
  }

  /** The sentences about what is not the same, of which there must be none. */
  async faultsOf(stack, { contents = everything } = {}) {
    const faults = [];
    for (const [what, symbol] of this.#parts(contents)) {
      const read = await this.#readers[what](stack, symbol);
      if (hashOf(read) === this.#hashes.get(`${what} ${symbol}`)) continue;
      const kept = readFileSync(this.#file(what, symbol), 'utf8').split('\n');
      faults.push(
        `${what} of ${symbol} differ (one: here, other: undisturbed): ${JSON.stringify(firstDifference(read, kept), undefined, 2)}`,
      );
    }
    return faults;
  }

  #parts(contents) {
    return contents.flatMap((what) => this.#symbols.map((symbol) => [what, symbol]));
  }

  #file(what, symbol) {
    return join(this.#folder, `${what.replaceAll(' ', '-')}-${symbol}.txt`);
  }
}

function hashOf(lines) {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line).update('\n');
  return hash.digest('hex');
}
