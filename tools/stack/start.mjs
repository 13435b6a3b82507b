/**
 * `npm run stack`: installs what is missing, servers among it, starts everything, stays until Ctrl-C, and takes everything
 * down again. `--detach` returns once all is ready; the logs are in HINDCAST_HOME/logs either way.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { questDbUser } from '../servers/secrets.mjs';
import { ensure } from '../setup/ensure.mjs';
import { openBoundedLog } from './bounded-log.mjs';
import { isDetached, runInForeground, sayReady, startDetached, stopOnSignals } from './foreground.mjs';
import { serverMembers, serviceMember } from './members.mjs';
import { claimRun, readRunFile, removeRunFile, supervisorName, writeRunFile } from './run-files.mjs';
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
  if (!isDetached) await ensure('stack');
  if (process.argv.includes('--detach')) {
    const { home } = settings;
    const ready = await startDetached(fileURLToPath(import.meta.url), { what: 'The stack', logs: `${home}/logs` });
    console.log(`${ready}\n\nnpm run stack:stop stops everything. Logs: ${home}/logs`);
    return;
  }
  if (!claimRun(run, { pid: process.pid })) throw new Error(`Another stack is just starting in ${settings.home}.`);
  try {
    await runUntilStopped(settings);
  } finally {
    removeRunFile(run, supervisorName);
  }
}

/** @param {StackSettings} settings */
async function runUntilStopped(settings) {
  const { run, logs } = foldersOf(settings.home);
  const log = openBoundedLog(join(logs, 'stack.log'));
  const voice = createVoice({ print: isDetached ? () => undefined : (text) => console.log(text), keep: log.write });
  const began = performance.now();
  const { signal, asked } = stopOnSignals(() => voice.plain('\nStopping: services drain first, then the servers.'));
  try {
    await stopLeftovers(run, voice.plain);
    const stack = await startParts(settings, { voice, signal });
    writeRunFile(run, { name: supervisorName, pid: process.pid, state: 'ready' });
    const summary = await readySummary(settings, performance.now() - began);
    voice.plain(isDetached ? summary : `${summary}\nCtrl-C stops everything.\n`);
    sayReady(summary);
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
  return startStack(
    { servers, services: members, migrate },
    { folders: foldersOf(settings.home), restartDelayMaxMs: settings.restartDelayMaxMs, voice, signal },
  );
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

await runInForeground(main);
