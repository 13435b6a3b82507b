import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isBuildFresh, rememberBuild, sourcesStamp } from './build.mjs';

describe('whether the build is fresh', () => {
  let root = '';
  const write = (path, text) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'hindcast-build-'));
    write('tsconfig.json', JSON.stringify({ references: [{ path: 'libs/market' }] }));
    write('libs/market/src/index.ts', 'export {};');
    write('libs/market/src/bars/bar.ts', 'export {};');
    write('libs/market/dist/tsconfig.tsbuildinfo', '{}');
    rememberBuild(root, sourcesStamp(root));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is, as long as nothing changes', () => {
    expect(isBuildFresh(root)).toBe(true);
  });

  it.each([
    ['a source has another content', () => write('libs/market/src/bars/bar.ts', 'export const bar = 1;')],
    ['a source has another time', () => utimesSync(join(root, 'libs/market/src/index.ts'), 1, 1)],
    ['a source is new', () => write('libs/market/src/tick.ts', '')],
    ['a source is gone', () => rmSync(join(root, 'libs/market/src/bars/bar.ts'))],
    ['the packages changed', () => write('package-lock.json', '{}')],
    ['what was built is gone', () => rmSync(join(root, 'libs/market/dist'), { recursive: true })],
    ['nothing was ever built', () => rmSync(join(root, 'node_modules'), { recursive: true })],
  ])('is not when %s', (_, change) => {
    change();
    expect(isBuildFresh(root)).toBe(false);
  });

  it('is not when a source changed while the build ran', () => {
    const stamp = sourcesStamp(root);
    write('libs/market/src/index.ts', 'export const changed = true;');
    rememberBuild(root, stamp);
    expect(isBuildFresh(root)).toBe(false);
  });
});
