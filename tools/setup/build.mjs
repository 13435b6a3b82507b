/** Whether the last build was made from the sources as they are now, told by their names, sizes and times. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const stampFile = 'node_modules/.cache/hindcast/build-stamp';
const buildFiles = ['package-lock.json', 'tsconfig.json', 'tsconfig.base.json'];

/**
 * @param {string} root
 * @returns {boolean}
 */
export function isBuildFresh(root) {
  const stamp = join(root, stampFile);
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== sourcesStamp(root)) return false;
  return packageFolders(root).every((folder) => existsSync(join(folder, 'dist/tsconfig.tsbuildinfo')));
}

/**
 * Taken before a build and written after it: what changes meanwhile makes the next build.
 * @param {string} root
 * @param {string} stamp
 */
export function rememberBuild(root, stamp) {
  mkdirSync(dirname(join(root, stampFile)), { recursive: true });
  writeFileSync(join(root, stampFile), stamp);
}

/**
 * @param {string} root
 * @returns {string}
 */
export function sourcesStamp(root) {
  const hash = createHash('sha256');
  const files = [
    ...buildFiles.map((file) => join(root, file)),
    ...packageFolders(root).flatMap((folder) => [
      join(folder, 'tsconfig.json'),
      join(folder, 'package.json'),
      ...filesBelow(join(folder, 'src')),
    ]),
  ];
  for (const file of files) {
    const facts = statSync(file, { throwIfNoEntry: false });
    hash.update(`${file.slice(root.length)} ${facts?.size} ${facts?.mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** What `tsc -b` builds: the references of the root's tsconfig. @param {string} root */
function packageFolders(root) {
  const { references } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  return /** @type {{ path: string }[]} */ (references).map(({ path }) => join(root, path));
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]));
}
