import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { checks } from './checks/index.mjs';
import { treeOfGit } from './tree.mjs';

/**
 * `npm run lint`: eslint, prettier, who imports whom, generated pages, and the house style that a script can check.
 * Prints each with its time; the last line is `N passed, N failed, N skipped`, the exit code 1 where anything failed.
 */
const root = join(import.meta.dirname, '..', '..');
const cache = join('node_modules', '.cache');

const commands = [
  [
    'eslint',
    'eslint',
    '--cache',
    '--cache-strategy',
    'content',
    '--cache-location',
    join(cache, 'eslint', '/'),
    '--max-warnings',
    '0',
    '.',
  ],
  ['prettier', 'prettier', '--check', '--log-level', 'warn', '--cache', '--cache-location', join(cache, 'prettier', 'lint'), '.'],
  ['who imports whom', 'depcruise', '--config', '.dependency-cruiser.mjs', '--output-type', 'err', 'libs', 'apps'],
  // The build leaves tests out; here they are checked with everything else.
  ['types', 'tsc', '-p', 'tsconfig.check.json'],
  ['types of the tools', 'tsc', '-p', join('tools', 'tsconfig.json')],
  ['generated pages', 'node', join('tools', 'docs', 'generate-reference.mjs'), '--check'],
];

/** @returns {Promise<{ name: string, failed: boolean, output: string, elapsedMs: number }>} */
function runCommand([name, command, ...args]) {
  const startedMs = performance.now();
  const path = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, PATH: path }, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ name, failed: code !== 0, output: Buffer.concat(chunks).toString(), elapsedMs: performance.now() - startedMs });
    });
  });
}

function runCheck({ name, check }, tree) {
  const startedMs = performance.now();
  const findings = check(tree);
  const output = findings.map(({ file, line, message }) => `  ${file}${line === undefined ? '' : `:${line}`}  ${message}\n`).join('');
  return { name, failed: findings.length > 0, output, elapsedMs: performance.now() - startedMs };
}

function report({ name, failed, output, elapsedMs }) {
  if (failed) process.stdout.write(output.endsWith('\n') ? output : `${output}\n`);
  process.stdout.write(`${failed ? 'FAIL' : 'ok  '} ${name} (${(elapsedMs / 1000).toFixed(1)} s)\n`);
}

async function main() {
  if (!existsSync(join(root, 'node_modules', 'eslint'))) {
    process.stderr.write('The packages are not installed: run `npm ci` first.\n');
    process.exitCode = 1;
    return;
  }
  const tree = treeOfGit(root);
  const results = checks.map((check) => runCheck(check, tree));
  results.forEach(report);
  // eslint is the long one: it has one core, the rest share the other.
  const [eslint, ...others] = commands;
  const long = runCommand(eslint);
  for (const command of others) {
    const result = await runCommand(command);
    report(result);
    results.push(result);
  }
  results.push(await long);
  report(results.at(-1));
  const failed = results.filter((result) => result.failed).length;
  process.stdout.write(`${results.length - failed} passed, ${failed} failed, 0 skipped\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await main();
