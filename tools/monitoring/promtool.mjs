/** Prometheus' own checker: found on the path or in the cache, else taken out of Debian's package without installing that. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../servers/cache-folder.mjs';
import { canInstallPackages, findExecutable, wordsOf } from '../servers/executables.mjs';

const whatToInstall = 'promtool is not on the PATH (Debian: apt-get install prometheus; macOS: brew install prometheus)';
const downloadTimeoutMs = 180_000;

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ executable: string } | { missing: string }}
 */
export function installPromtool(env = process.env) {
  const cached = join(cacheFolder(env), 'promtool', 'promtool');
  const found = findExecutable(['promtool'], env) ?? (existsSync(cached) ? cached : undefined);
  if (found !== undefined) return { executable: found };
  if (findExecutable(['apt-get'], env) === undefined || findExecutable(['dpkg-deb'], env) === undefined) return { missing: whatToInstall };
  try {
    fetchFromDebian(cached);
    return { executable: cached };
  } catch (error) {
    return { missing: `${whatToInstall}, and apt-get download failed: ${wordsOf(error)}` };
  }
}

/** 19 MB over the wire, of which one program is kept; it appears whole, by one rename. @param {string} target */
function fetchFromDebian(target) {
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-promtool-'));
  const options = {
    cwd: folder,
    encoding: /** @type {const} */ ('utf8'),
    stdio: /** @type {const} */ ('pipe'),
    timeout: downloadTimeoutMs,
  };
  try {
    // A fresh machine has no package lists; without the rights to fetch them, those that are there have to do.
    if (canInstallPackages()) execFileSync('apt-get', ['update', '-qq'], options);
    execFileSync('apt-get', ['download', '-qq', 'prometheus'], options);
    const archive = readdirSync(folder).find((file) => file.endsWith('.deb'));
    execFileSync('dpkg-deb', ['-x', archive, 'unpacked'], options);
    mkdirSync(join(target, '..'), { recursive: true });
    const whole = `${target}.${process.pid}`;
    copyFileSync(join(folder, 'unpacked/usr/bin/promtool'), whole);
    chmodSync(whole, 0o755);
    renameSync(whole, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
