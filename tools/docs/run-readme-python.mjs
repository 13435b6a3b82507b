import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder } from '../servers/cache-folder.mjs';
import { virtualEnvironment } from './virtual-environment.mjs';

/**
 * Runs the README's Python as a reader would: the block as it stands, with pyarrow and pandas from a virtual environment
 * in the cache folder. Only the port is another where HINDCAST_PORT_OFFSET shifts them.
 *
 * As a script, against what `npm start` runs: `node tools/docs/run-readme-python.mjs`.
 */
const run = promisify(execFile);
const readmeFile = fileURLToPath(new URL('../../README.md', import.meta.url));

const requirements = ['pyarrow>=16', 'pandas>=2.2'];
const oneProcessUrl = 'http://127.0.0.1:7700';
const runTimeoutMs = 2 * 60_000;
const outputBytesMax = 1 << 20;

/** The first block of Python in a page. @param {string} markdown */
export function pythonBlock(markdown) {
  const block = /^```python\n(.*?)^```$/ms.exec(markdown)?.[1];
  if (block === undefined) throw new Error('the README has no block of Python');
  return block;
}

/**
 * @param {{ url?: string, cacheDir?: string }} [options] where market-data answers, and where the environment is kept
 * @returns {Promise<{ output: string } | { skipped: string }>} rejects where the block fails
 */
export async function runReadmePython({ url = oneProcessUrl, cacheDir = cacheFolder(process.env) } = {}) {
  const python = await pythonEnvironment({ cacheDir });
  if ('skipped' in python) return python;
  const block = pythonBlock(readFileSync(readmeFile, 'utf8')).replaceAll(oneProcessUrl, url);
  const { stdout } = await run(python.executable, ['-c', block], { timeout: runTimeoutMs, maxBuffer: outputBytesMax });
  return { output: stdout };
}

/** With what the block imports. @param {{ cacheDir: string }} options */
export function pythonEnvironment({ cacheDir }) {
  return virtualEnvironment({ cacheDir, name: 'readme-python', requirements });
}

async function main() {
  const url = `http://127.0.0.1:${7700 + Number(process.env.HINDCAST_PORT_OFFSET || 0)}`;
  const result = await runReadmePython({ url });
  if ('skipped' in result) process.stdout.write(`skipped: ${result.skipped}\n0 passed, 0 failed, 1 skipped\n`);
  else process.stdout.write(`${result.output}1 passed, 0 failed, 0 skipped\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
