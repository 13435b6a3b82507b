import { readFileSync } from 'node:fs';
import { entryFor, missingOptionalPackages } from './lock-file.mjs';

describe('the lock file', () => {
  const swc = {
    version: '1.0.0',
    dev: true,
    optionalDependencies: { '@swc/core-win32-x64-msvc': '1.0.0', '@swc/core-linux-x64-gnu': '1.0.0' },
  };

  it('misses an optional package that no folder on the way up names', () => {
    const nested = { 'node_modules/a/node_modules/@swc/core': swc, 'node_modules/a/node_modules/@swc/core-linux-x64-gnu': {} };
    expect(missingOptionalPackages(nested)).toEqual([{ name: '@swc/core-win32-x64-msvc', version: '1.0.0', dev: true }]);
    expect(missingOptionalPackages({ ...nested, 'node_modules/@swc/core-win32-x64-msvc': {} })).toEqual([]);
  });

  it('is given the platform of a package by its name', () => {
    expect(entryFor({ name: '@swc/core-win32-x64-msvc', version: '1.0.0', dev: true })).toEqual({
      version: '1.0.0',
      cpu: ['x64'],
      dev: true,
      optional: true,
      os: ['win32'],
    });
  });

  it('of this project can be installed by npm ci; else run node tools/setup/lock-file.mjs', () => {
    const { packages } = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));
    expect(missingOptionalPackages(packages)).toEqual([]);
  });
});
