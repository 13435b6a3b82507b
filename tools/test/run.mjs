/**
 * `npm test`: every test; with `--unit` (`npm run test:unit`) those that need no server. Other arguments go to jest as
 * they are: `npm test -- libs/market`. The last line is always `N passed, N failed, N skipped`, and the exit code says
 * the same.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeExecutable } from '../setup/node-executable.mjs';
import { addTallies, tallyLine, tallyOf } from './tally.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const jest = join(root, 'node_modules/jest/bin/jest.js');

/**
 * A test's QuestDB lives for seconds: what the JVM's second compiler and a collector of several threads cost in them, a third
 * of all that it computes, is never won back. Named in the environment, so that the servers of whole stacks have it too.
 */
const jvmOptions = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';

/** A test with real servers brings a JVM along: more than two at once only make each other slow. */
const integrationWorkersMax = 2;

// jest reads whatever follows a list as part of the list, so another option must stand before paths.
const unitTests = [
  // Left to itself jest keeps a core for whoever watches: half of a small machine.
  '--maxWorkers=100%',
  '--testPathIgnorePatterns=\\.int\\.spec\\.',
  '--testPathIgnorePatterns=/node_modules/',
  '--testPathIgnorePatterns=/dist/',
];
const integrationTests = ['--testMatch=**/*.int.spec.ts', '--testMatch=**/*.int.spec.mjs', `--maxWorkers=${integrationWorkersMax}`];

/**
 * @param {readonly string[]} selection
 * @param {readonly string[]} given by whoever started this
 * @returns {Promise<import('./tally.mjs').Tally>}
 */
async function runJest(selection, given) {
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-test-'));
  const results = join(folder, 'results.json');
  const options = ['--experimental-vm-modules', '--no-warnings', jest, '--json', `--outputFile=${results}`];
  try {
    const exitCode = await exitCodeOf([...options, ...selection, '--passWithNoTests', ...given]);
    return tallyOf(readResults(results), exitCode);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {readonly string[]} args @returns {Promise<number>} */
function exitCodeOf(args) {
  return new Promise((resolve, reject) => {
    // With --json jest writes its report to stderr; what it writes to stdout is only where the JSON is.
    const env = { JDK_JAVA_OPTIONS: jvmOptions, ...process.env };
    const child = spawn(nodeExecutable(), args, { cwd: root, env, stdio: ['inherit', 'ignore', 'inherit'] });
    for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM'])) process.once(signal, () => child.kill(signal));
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** @param {string} file */
function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // jest ended before it had results: a bad option, or a signal.
    return undefined;
  }
}

const given = process.argv.slice(2);
const jestArgs = given.filter((argument) => argument !== '--unit');
const tallies = [await runJest(unitTests, jestArgs)];
if (!given.includes('--unit')) tallies.push(await runJest(integrationTests, jestArgs));

const tally = addTallies(tallies);
console.log(tallyLine(tally));
process.exitCode = tally.failed === 0 ? 0 : 1;
