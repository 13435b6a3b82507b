import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import HeaviestFirst, { heaviest } from './heaviest-first.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const context = { config: { rootDir: root, cache: false, id: 'test' }, hasteFS: { getSize: (path) => path.length } };
const testOf = (file) => ({ path: join(root, file), context });

it('begins with the files that take longest, which are there, and goes on as jest does', () => {
  expect(heaviest.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  const others = ['tools/test/tally.spec.mjs', 'libs/market/src/a-longer-name.spec.ts'];
  const sorted = new HeaviestFirst({ contexts: [context], globalConfig: {} }).sort([...others, ...heaviest.toReversed()].map(testOf));
  expect(sorted.map(({ path }) => path.slice(root.length))).toEqual([...heaviest, ...others.toReversed()]);
});
