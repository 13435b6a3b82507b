/** Whether node_modules is what package-lock.json says; npm answers the same in seconds, this in milliseconds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {{ version?: string, resolved?: string, integrity?: string, optional?: boolean, link?: boolean }} LockedPackage
 * @typedef {Readonly<Record<string, LockedPackage>>} LockedPackages by path, as `node_modules/pino`
 */

/**
 * The first reason to install, or undefined where there is none. npm writes `node_modules/.package-lock.json` as its last
 * step, so an installation that was interrupted has none.
 * @param {string} root
 * @returns {string | undefined}
 */
export function whyInstall(root) {
  const installed = packagesIn(join(root, 'node_modules/.package-lock.json'));
  if (installed === undefined) return 'nothing is installed yet';
  const locked = packagesIn(join(root, 'package-lock.json'));
  if (locked === undefined) return undefined;
  return difference(locked, installed);
}

/**
 * @param {LockedPackages} locked
 * @param {LockedPackages} installed
 * @returns {string | undefined}
 */
export function difference(locked, installed) {
  for (const [path, wanted] of Object.entries(locked)) {
    if (!path.includes('node_modules/')) continue;
    const present = installed[path];
    // npm leaves out what is optional and made for another platform.
    if (present === undefined && wanted.optional) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (present === undefined) return `${name} is missing`;
    if (present.version !== wanted.version || present.integrity !== wanted.integrity) return `${name} is not ${wanted.version}`;
  }
  return undefined;
}

/**
 * @param {string} file
 * @returns {LockedPackages | undefined}
 */
function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
