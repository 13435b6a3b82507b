/**
 * `npm run stack`, and `npm start` for now: installs what is missing, starts everything, stays until Ctrl-C, and takes
 * everything down again. `--detach` returns once all is ready; the logs are in HINDCAST_HOME/logs either way.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { questDbUser } from '../servers/secrets.mjs';
import { ensure } from '../setup/ensure.mjs';
import { openBoundedLog } from './bounded-log.mjs';
import { serverMembers, serviceMember } from './members.mjs';
import { claimStack, readRunFile, removeRunFile, supervisorName, writeRunFile } from './run-files.mjs';
import { services } from './services.mjs';
import { foldersOf, readSettings } from './settings.mjs';
import { migrateStores, portsInUse, startStack } from './stack.mjs';
import { stackStatus, statusTable } from './status.mjs';
import { stopLeftovers } from './stop.mjs';
import { createVoice } from './voice.mjs';

const nextSteps = `Next, in another terminal:
  npx hindcast replay --format lean --data "$HINDCAST_DATA/lean" --symbols SPY,IBM,BAC,AIG \\
    --from 2013-10-07 --to 2013-10-09 --kinds trades,quotes --speed max
  npx hindcast watch
  npx hindcast similar --symbol SPY --at 2013-10-09T15:30:00Z
  npm run stack:status`;

/** Given to the process that stays when the one with the terminal returns. */
const detachedFlag = '--detached';

const parentCheckIntervalMs = 1_000;

/** @typedef {import('./settings.mjs').StackSettings} StackSettings */

async function main() {
  const settings = readSettings(process.env);
  const { run } = foldersOf(settings.home);
  const running = readRunFile(run, supervisorName);
  if (running) {
    console.log(`A stack already runs in ${settings.home}, pid ${running.pid}.\n\n${statusTable(await stackStatus(settings))}\n`);
    console.log('npm run stack:stop ends it. HINDCAST_HOME and HINDCAST_PORT_OFFSET let another one run beside it.');
    return;
  }
  const detached = process.argv.includes(detachedFlag);
  if (!detached) await ensure('start');
  if (process.argv.includes('--detach')) return startDetached(settings);
  if (!claimStack(run, { pid: process.pid })) throw new Error(`Another stack is just starting in ${settings.home}.`);
  try {
    await runUntilStopped(settings, { detached });
  } finally {
    removeRunFile(run, supervisorName);
  }
}

/**
 * @param {StackSettings} settings
 * @param {{ detached: boolean }} options
 */
async function runUntilStopped(settings, { detached }) {
  const { run, logs } = foldersOf(settings.home);
  const log = openBoundedLog(join(logs, 'stack.log'));
  const voice = createVoice({ print: detached ? () => undefined : (text) => console.log(text), keep: log.write });
  const began = performance.now();
  const { signal, asked } = stopOnSignals(voice, { detached });
  try {
    await stopLeftovers(run, voice.plain);
    const stack = await startParts(settings, { voice, signal });
    writeRunFile(run, { name: supervisorName, pid: process.pid, state: 'ready' });
    const summary = await readySummary(settings, performance.now() - began);
    voice.plain(detached ? summary : `${summary}\nCtrl-C stops everything.\n`);
    process.send?.({ ready: summary });
    await asked;
    await stack.stop();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  voice.plain('Everything is stopped.');
  log.close();
}

/**
 * @param {StackSettings} settings
 * @param {{ voice: import('./voice.mjs').Voice, signal: AbortSignal }} options
 */
async function startParts(settings, { voice, signal }) {
  const servers = serverMembers(settings, voice.plain);
  const members = services.map((service) => serviceMember(settings, service));
  const taken = await portsInUse([...servers, ...members]);
  if (taken) throw new Error(taken);
  const migrate = () => migrateStores({ settings, voice, signal });
  return startStack({ servers, services: members, migrate }, { settings, voice, signal });
}

/**
 * @param {StackSettings} settings
 * @param {number} elapsedMs
 */
async function readySummary(settings, elapsedMs) {
  const status = await stackStatus(settings);
  const sentence = `Hindcast runs, ready after ${(elapsedMs / 1000).toFixed(1)} s. Its data is in ${settings.home}.`;
  return `\n${sentence}\n\n${statusTable(status)}\n\n${howToAskServers(settings)}${nextSteps}`;
}

/**
 * Where the passwords of the servers lie; they themselves are never shown, because terminals and logs are kept.
 * @param {StackSettings} settings
 */
function howToAskServers({ questdbUrl, questdbPasswordFile, redisPasswordFile, ownsQuestDb, ownsRedis, ports }) {
  const lines = [
    ownsQuestDb && `QuestDB's console: ${questdbUrl}/index.html, user ${questDbUser}, the password is in ${questdbPasswordFile}`,
    ownsRedis && `Redis: REDISCLI_AUTH="$(cat ${redisPasswordFile})" redis-cli -p ${ports.redis}`,
  ].filter(Boolean);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n\n`;
}

/**
 * Ctrl-C, a polite kill and a closed terminal all mean: drain and stop. npm passes a Ctrl-C on that the terminal has
 * already sent, so a second signal means nothing more than the first; each step of stopping has a bound of its own.
 * @param {import('./voice.mjs').Voice} voice
 * @param {{ detached: boolean }} options
 */
function stopOnSignals(voice, { detached }) {
  const abort = new AbortController();
  /** @type {Promise<void>} */
  const asked = new Promise((resolve) => {
    const stop = () => {
      if (abort.signal.aborted) return;
      voice.plain('\nStopping: services drain first, then the servers.');
      abort.abort();
      resolve();
    };
    for (const name of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.on(name, stop);
    }
    if (!detached) stopWithoutNpm(stop);
  });
  return { signal: abort.signal, asked };
}

/**
 * npm passes signals on, unless it is killed itself: then nobody could end this stack with a Ctrl-C any more, so it ends.
 * @param {() => void} stop
 */
function stopWithoutNpm(stop) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = process.ppid;
  setInterval(() => process.ppid !== npm && stop(), parentCheckIntervalMs).unref();
}

/**
 * Starts this script again without a terminal, and waits for its word.
 * @param {StackSettings} settings
 */
async function startDetached({ home }) {
  const child = fork(fileURLToPath(import.meta.url), [detachedFlag], { detached: true, stdio: 'ignore' });
  /** @type {{ ready: string } | { failed: string }} */
  const report = await new Promise((resolve) => {
    child.once('message', (message) => resolve(/** @type {{ ready: string }} */ (message)));
    child.once('exit', (code) => resolve({ failed: `The stack ended with exit code ${code}; ${home}/logs says why.` }));
  });
  if ('failed' in report) throw new Error(report.failed);
  child.disconnect();
  child.unref();
  console.log(`${report.ready}\n\nnpm run stack:stop stops everything. Logs: ${home}/logs`);
}

// A terminal that has gone away must not end the stack before it has drained.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  if (process.send) await new Promise((resolve) => process.send?.({ failed: message }, resolve));
  console.error(message);
  process.exitCode = 1;
} finally {
  if (process.connected) process.disconnect();
}
