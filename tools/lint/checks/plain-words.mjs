import { matchesIn } from '../tree.mjs';

/** What must not stand in any file: unfinished business, and the address of one particular machine or registry. */
export const name = 'words and addresses';

// Dots are escaped, and words are put together, so that this file does not find itself.
const unfinished = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`, 'g');
const machinePath = /(?<![\w.$}~-])\/(work|root|Users|home\/(?!node\b|hindcast\b)\w+)\//g;
const registryHost =
  /\b(registry\.npmjs\.org|registry\.yarnpkg\.com|pypi\.org|files\.pythonhosted\.org|repo1?\.maven(\.apache)?\.org|proxy\.golang\.org|deb\.debian\.org)\b/g;
const resolvedInLock = /"resolved": "https?:/g;

const rules = [
  { pattern: unfinished, message: (found) => `"${found}": finish it, or open an issue` },
  { pattern: machinePath, message: (found) => `"${found}" is a path of one machine` },
  { pattern: registryHost, message: (found) => `"${found}": which registry serves a package is the machine's configuration` },
  { pattern: resolvedInLock, message: () => 'the lock file names a registry: install with omit-lockfile-registry-resolved' },
];

/** Others' text, kept as it came. */
const vendored = /^(LICENSE|tools\/lint\/compose\/)/;

export function check(tree) {
  return tree.files
    .filter((file) => !vendored.test(file))
    .flatMap((file) => rules.flatMap(({ pattern, message }) => findingsIn(tree, file, pattern, message)));
}

function findingsIn(tree, file, pattern, message) {
  return [...matchesIn(tree.read(file), pattern)].map(({ line, match }) => ({ file, line, message: message(match[0]) }));
}
