import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../servers/cache-folder.mjs';

const run = promisify(execFile);
const installTimeoutMs = 5 * 60_000;

/**
 * A virtual environment of Python in the cache folder; made where it is missing, was not finished or holds something else.
 * @param {{ cacheDir?: string, name: string, requirements: readonly string[] }} options
 * @returns {Promise<{ executable: string } | { skipped: string }>}
 */
export async function virtualEnvironment({ cacheDir = cacheFolder(process.env), name, requirements }) {
  const folder = join(cacheDir, name);
  const executable = join(folder, 'bin', 'python');
  const finished = join(folder, 'finished');
  const wanted = requirements.join('\n');
  if (existsSync(finished) && readFileSync(finished, 'utf8') === wanted) return { executable };
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await run('python3', ['-m', 'venv', folder], { timeout: installTimeoutMs });
    await run(executable, ['-m', 'pip', 'install', '--quiet', ...requirements], { timeout: installTimeoutMs });
  } catch (error) {
    return { skipped: `Python 3 with venv and ${requirements.join(', ')} is not to be had here: ${firstLine(error)}` };
  }
  writeFileSync(finished, wanted);
  return { executable };
}

function firstLine(error) {
  return (error.stderr || error.message).trim().split('\n')[0];
}
