/**
 * `npm ci` refuses a lock file that does not name every optional package, those of other platforms included. `npm install`
 * leaves out the ones that its registry does not have, so a lock file written behind a partial mirror installs nowhere.
 * `node tools/setup/lock-file.mjs` names them, after a package was added.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * @typedef {import('./dependencies.mjs').LockedPackage & { optionalDependencies?: Record<string, string>, dev?: boolean,
 *   os?: string[], cpu?: string[] }} LockEntry
 * @typedef {{ name: string, version: string, dev: boolean }} MissingPackage
 */

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'openharmony', 'sunos', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];
const exactVersion = /^\d+\.\d+\.\d[\w.+-]*$/;

/**
 * Optional packages for other platforms that the lock file does not name.
 * @param {Readonly<Record<string, LockEntry>>} packages
 * @returns {MissingPackage[]}
 */
export function missingOptionalPackages(packages) {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {}, dev = false }]) =>
    Object.entries(optionalDependencies)
      .filter(([name, version]) => exactVersion.test(version) && !isNamed(packages, path, name))
      .map(([name, version]) => ({ name, version, dev: dev && path !== '' })),
  );
}

/**
 * As Node looks packages up: in the dependent's own folder, then in each one above it.
 * @param {Readonly<Record<string, LockEntry>>} packages
 * @param {string} path
 * @param {string} name
 */
function isNamed(packages, path, name) {
  for (let folder = path; folder !== ''; folder = folder.slice(0, Math.max(folder.lastIndexOf('/'), 0))) {
    if (packages[`${folder}/node_modules/${name}`]) return true;
  }
  return packages[`node_modules/${name}`] !== undefined;
}

/**
 * What npm writes for a package of another platform, without the hash that only its registry knows.
 * @param {MissingPackage} missing
 * @returns {LockEntry}
 */
export function entryFor({ name, version, dev }) {
  const words = name.slice(name.lastIndexOf('/') + 1).split('-');
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  return { version, ...(cpu.length > 0 ? { cpu } : {}), ...(dev ? { dev } : {}), optional: true, ...(os.length > 0 ? { os } : {}) };
}

/** @param {string} file */
function complete(file) {
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingOptionalPackages(lock.packages);
  const added = missing.map((entry) => [`node_modules/${entry.name}`, entryFor(entry)]);
  const sorted = Object.entries({ ...lock.packages, ...Object.fromEntries(added) }).sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  console.log(`${missing.length} packages of other platforms added to package-lock.json`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  complete(fileURLToPath(new URL('../../package-lock.json', import.meta.url)));
