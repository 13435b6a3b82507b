/** Looking for programs without running them: a set-up that is complete must be known to be so in milliseconds. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The first of these programs that is on the path.
 * @param {readonly string[]} names
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined}
 */
export function findExecutable(names, env = process.env) {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const name of names) {
    const found = folders.map((folder) => join(folder, name)).find(isExecutable);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** True where packages can be installed without asking anybody: Debian or a relative of it, and the rights to. */
export function canInstallPackages() {
  return process.getuid?.() === 0 && findExecutable(['apt-get']) !== undefined;
}

const installTimeoutMs = 300_000;

/**
 * Installs Debian packages; throws with apt's own words. A fresh machine has no package lists: they are fetched first.
 * RUNLEVEL=1 keeps the package from starting its service: our servers are started by us only, on ports of their own.
 * @param {readonly string[]} packages
 */
export function installPackages(packages) {
  const options = {
    encoding: /** @type {const} */ ('utf8'),
    stdio: /** @type {['ignore', 'pipe', 'pipe']} */ (['ignore', 'pipe', 'pipe']),
    timeout: installTimeoutMs,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  };
  execFileSync('apt-get', ['update', '-qq'], options);
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
}

/** True where a container engine answers, not only its client is installed. */
export function containerEngineAnswers() {
  if (findExecutable(['docker']) === undefined) return false;
  try {
    execFileSync('docker', ['info', '--format', '{{.ServerVersion}}'], { stdio: 'ignore', timeout: 5_000 });
    return true;
  } catch {
    return false;
  }
}

/**
 * The words a failed program wrote to stderr, else the error's own.
 * @param {unknown} error
 * @returns {string}
 */
export function wordsOf(error) {
  const stderr = String(/** @type {{ stderr?: unknown }} */ (error).stderr ?? '').trim();
  return stderr || (error instanceof Error ? error.message : String(error));
}
