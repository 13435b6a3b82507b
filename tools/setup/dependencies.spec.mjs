import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { difference, whyInstall } from './dependencies.mjs';

const pino = { version: '9.0.0', integrity: 'sha512-a' };

describe('whether node_modules is what the lock file says', () => {
  it('is so where every locked package is present as locked', () => {
    expect(difference({ '': {}, 'libs/market': {}, 'node_modules/pino': pino }, { 'node_modules/pino': pino })).toBeUndefined();
  });

  it('names what is missing, nested packages too', () => {
    expect(difference({ 'node_modules/a/node_modules/@nestjs/core': pino }, {})).toBe('@nestjs/core is missing');
  });

  it('names what has another version, or the same version with other content', () => {
    expect(difference({ 'node_modules/pino': pino }, { 'node_modules/pino': { ...pino, version: '8.0.0' } })).toBe('pino is not 9.0.0');
    expect(difference({ 'node_modules/pino': pino }, { 'node_modules/pino': { ...pino, integrity: 'sha512-b' } })).toBe(
      'pino is not 9.0.0',
    );
  });

  it('does not miss what npm leaves out on this platform', () => {
    expect(difference({ 'node_modules/fsevents': { ...pino, optional: true } }, {})).toBeUndefined();
  });
});

describe('the reason to install', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'hindcast-setup-'));
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { 'node_modules/pino': pino } }));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const installed = (text) => {
    mkdirSync(join(root, 'node_modules'), { recursive: true });
    writeFileSync(join(root, 'node_modules/.package-lock.json'), text);
  };

  it('is that nothing is there, in a fresh clone and after an interrupted installation', () => {
    expect(whyInstall(root)).toBe('nothing is installed yet');
    mkdirSync(join(root, 'node_modules/pino'), { recursive: true });
    expect(whyInstall(root)).toBe('nothing is installed yet');
    installed('{"packages": {');
    expect(whyInstall(root)).toBe('nothing is installed yet');
  });

  it('goes away once all is there, and comes back with a new lock file', () => {
    installed(JSON.stringify({ packages: { 'node_modules/pino': pino } }));
    expect(whyInstall(root)).toBeUndefined();
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { 'node_modules/zod': pino } }));
    expect(whyInstall(root)).toBe('zod is missing');
  });
});
