/**
 * The order of test files: first those that take longest, so that nobody waits at the end for one of them on a single core; then as
 * jest has it, by how long each took the last time, which a fresh clone does not know.
 */
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import sequencer from '@jest/test-sequencer';

/** Its types are those of a CommonJS module, whose class is one field of it; what is imported is the class. */
const TestSequencer = /** @type {typeof sequencer.default} */ (/** @type {unknown} */ (sequencer));

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The longest first. */
export const heaviest = [
  'tools/e2e/whole-stack.int.spec.mjs',
  'tools/e2e/import.int.spec.mjs',
  'tools/e2e/similar-in-both-modes.int.spec.mjs',
  'tools/e2e/bad-inputs.int.spec.mjs',
  'libs/store-lance/src/killed-moments.int.spec.ts',
  'libs/store-lance/src/recall.int.spec.ts',
  'tools/e2e/standalone.int.spec.mjs',
  'tools/e2e/memory-kills.int.spec.mjs',
  'libs/store-questdb/src/bars-of-recorded-trades.int.spec.ts',
  'libs/store-questdb/src/questdb-tick-store.int.spec.ts',
  'tools/e2e/watched-stack.int.spec.mjs',
  'tools/e2e/feed-kills.int.spec.mjs',
  'libs/feeds/src/crypto/crypto-feed.int.spec.ts',
  'libs/store-questdb/src/questdb-away.int.spec.ts',
  'tools/e2e/npm-start.int.spec.mjs',
  'libs/store-lance/src/moment-recall.int.spec.ts',
  'apps/market-physics/src/memory/memory-bits.spec.ts',
  'apps/market-physics/src/memory/late-days.spec.ts',
  'apps/market-physics/src/memory/memory-keeper.spec.ts',
  'apps/tick-ingest/src/doors/every-door.int.spec.ts',
];

export default class HeaviestFirst extends TestSequencer {
  /**
   * @override
   * @param {import('@jest/test-result').Test[]} tests
   */
  sort(tests) {
    const places = new Map(heaviest.map((file, place) => [file, place]));
    const placeOf = (/** @type {{ path: string }} */ { path }) => places.get(relative(root, path).split(sep).join('/')) ?? heaviest.length;
    const sorted = /** @type {import('@jest/test-result').Test[]} */ (super.sort(tests));
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}
