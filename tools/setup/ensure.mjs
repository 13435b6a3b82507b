/**
 * Set-up is nobody's manual work: `npm start`, `npm test` and `npm run setup` come through here first. Where all is there
 * it takes well under 100 ms; else it installs, and says what it does. Only Node's built-ins, because it runs before
 * anything is installed, on any Node from 20 on.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cacheFolder } from '../servers/cache-folder.mjs';
import { findQuestDb, installQuestDb } from '../servers/questdb.mjs';
import { findRedis, installRedis } from '../servers/redis.mjs';
import { isBuildFresh, rememberBuild, sourcesStamp } from './build.mjs';
import { whyInstall } from './dependencies.mjs';
import { nodeExecutable } from './node-executable.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const nodeMajorMin = 20;
const progressIntervalMs = 15_000;

const log = (/** @type {string} */ line) => console.error(`[setup] ${line}`);

/** @typedef {'start' | 'stack' | 'test' | 'setup'} Purpose what the set-up is for; `npm start` needs no servers */

/**
 * Installs whatever this purpose needs and lacks. Packages and build are needed by all: without them it throws. Servers
 * and the model are not: whoever needs them says so, and how to get them.
 * @param {Purpose} purpose
 */
export async function ensure(purpose) {
  refuseOldNode(process.versions.node);
  await ensurePackages();
  await ensureBuild();
  if (purpose !== 'start') for (const missing of ensureServers()) log(missing);
  await ensureModelIsThere(purpose);
}

/** @param {string} version */
export function refuseOldNode(version) {
  if (Number(version.split('.')[0]) >= nodeMajorMin) return;
  throw new Error(`Hindcast needs Node.js ${nodeMajorMin} or newer to set itself up; this is ${version}`);
}

async function ensurePackages() {
  const reason = whyInstall(root);
  if (reason === undefined) return;
  log(`${reason}: npm ci installs the packages of package-lock.json (a minute or two the first time)`);
  // No scripts: what matters ships its binaries, and code that runs while it is installed is code that nobody reviewed.
  // No warnings: on Node 20 npm warns of packages that want the Node 24 which it is about to install.
  await run('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']);
}

async function ensureBuild() {
  if (isBuildFresh(root)) return;
  log('building (tsc -b)');
  const stamp = sourcesStamp(root);
  await run(nodeExecutable(), [join(root, 'node_modules/typescript/bin/tsc'), '-b']);
  rememberBuild(root, stamp);
}

/**
 * Installs the servers where that is possible without asking; returns what could not be had.
 * @returns {string[]}
 */
function ensureServers() {
  const found = [findQuestDb(), findRedis()];
  if (found.every((installation) => !('missing' in installation))) return [];
  return [installQuestDb({ log }), installRedis({ log })].flatMap((installation) =>
    'missing' in installation ? [installation.missing] : [],
  );
}

/**
 * A stack without the model runs and says what it cannot do, tests that need it are skipped and say so: that it is missing
 * is told, and stops nobody.
 * @param {Purpose} purpose
 */
async function ensureModelIsThere(purpose) {
  const script = join(root, 'tools/model/fetch-model.mjs');
  if (!existsSync(script)) return;
  try {
    const { ensureModel } = await import(pathToFileURL(script).href);
    const found = await ensureModel({ cacheDir: cacheFolder(process.env), log });
    if (found.missing) log(`${found.missing} (search by text will answer MODEL_MISSING until then)`);
    else if (purpose === 'setup') log(`embedding model: ${found.dir}`);
  } catch (error) {
    log(`the embedding model could not be fetched: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Runs a command that asks nothing; what it says goes to stderr, so that `--json` answers stay alone on stdout. A long
 * silence looks like a hang, so the time is told now and then.
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<void>}
 */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 2, 2],
      env: { ...process.env, CI: '1', NO_UPDATE_NOTIFIER: '1' },
    });
    const said = setInterval(() => log(`still at it, ${Math.round((performance.now() - began) / 1000)} s`), progressIntervalMs);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearInterval(said);
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args[0]} ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const purpose = process.argv[2] ?? 'setup';
  if (!['start', 'stack', 'test', 'setup'].includes(purpose))
    throw new Error(`ensure.mjs takes start, stack, test or setup, not "${purpose}"`);
  try {
    await ensure(/** @type {Purpose} */ (purpose));
    if (purpose === 'setup') log('all is there: npm start, npm run stack, npm test');
  } catch (error) {
    console.error(`[setup] ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
