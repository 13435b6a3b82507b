/**
 * `npm start`: installs what is missing, no servers among it, runs every service in one process, and stays until Ctrl-C.
 * `--detach` returns once it is ready; `--stop` (`npm stop`) ends it; `--status` (`npm run status`) says how it is: exit code
 * 0 where it is ready, 1 where it is not, 3 where nothing runs. Its log is HINDCAST_HOME/logs/standalone.log.
 */
import { freemem } from 'node:os';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensure } from '../setup/ensure.mjs';
import { isDetached, runInForeground, sayReady, startDetached, stopOnSignals } from './foreground.mjs';
import { openRunDisplay } from './run-display.mjs';
import { claimRun, readRunFile, removeRunFile, supervisorName, writeRunFile } from './run-files.mjs';
import { feedNews, feedText, readPulse } from './pulse.mjs';
import { processName, readStandaloneSettings, reasonIn, standaloneMember, standaloneStatus } from './standalone-run.mjs';
import { forLittleMemory, withCause } from './small-machine.mjs';
import { portsInUse, startStack } from './stack.mjs';
import { stopLeftovers, stopRun } from './stop.mjs';

/** @typedef {import('./standalone-run.mjs').StandaloneSettings} StandaloneSettings */

const exitCodes = Object.freeze({ running: 0, starting: 1, not_ready: 1, stopped: 3 });
const pulseIntervalMs = 2_000;
const diskCodes = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'ENOENT', 'EIO']);

async function main() {
  const settings = readStandaloneSettings(process.env);
  const asked = new Set(process.argv.slice(2));
  if (asked.has('--status')) return showStatus(settings, { json: asked.has('--json') });
  if (asked.has('--stop')) return stop(settings);
  const { run } = settings.folders;
  const running = readRunFile(run, supervisorName);
  if (running) {
    console.log(`Hindcast runs already in ${shown(settings.home)}: ${settings.url}, pid ${running.pid}. npm stop ends it.`);
    return;
  }
  if (!isDetached) await ensure('start');
  if (asked.has('--detach')) {
    const ready = await startDetached(fileURLToPath(import.meta.url), { what: 'Hindcast', logs: shown(settings.log) });
    console.log(`${ready}\n\nIt runs in the background: npm run status, npm stop.`);
    return;
  }
  if (!claimRun(run, { pid: process.pid })) throw new Error(`Another npm start is just under way in ${shown(settings.home)}.`);
  try {
    await runUntilStopped(settings);
  } finally {
    removeRunFile(run, supervisorName);
  }
}

/** @param {StandaloneSettings} settings */
async function runUntilStopped(settings) {
  const { folders, restartDelayMaxMs } = settings;
  const display = openRunDisplay({ silent: isDetached });
  let lastFatal = '';
  const event = (/** @type {string} */ _name, /** @type {string} */ text) => {
    display.say(`Hindcast ${withCause(text, reasonIn(lastFatal))}`);
    lastFatal = '';
  };
  const voice = { event, progress: () => undefined, line: () => undefined, plain: display.say };
  const { signal, asked } = stopOnSignals(() => display.say('\nStopping: what was accepted is on disk already.'));
  const began = performance.now();
  const little = forLittleMemory(freeMemory(), process.env);
  const member = standaloneMember(settings, {
    env: little.env,
    onSaid: (line) => (lastFatal = line.includes('"fatal"') ? line : lastFatal),
  });
  try {
    if (little.told) display.say(little.told);
    await stopLeftovers(folders.run, display.say);
    const taken = await portsInUse([member]);
    if (taken) throw new Error(taken);
    const migrate = async () => undefined;
    const running = await startStack({ servers: [], services: [member], migrate }, { folders, restartDelayMaxMs, voice, signal });
    writeRunFile(folders.run, { name: supervisorName, pid: process.pid, state: 'ready' });
    const summary = readySummary(settings, {
      elapsedMs: performance.now() - began,
      feeds: (await readPulse(settings))?.feeds.map(feedText),
    });
    display.say(isDetached ? summary : `${summary}\nCtrl-C stops it.\n`);
    sayReady(summary);
    if (!isDetached) void showPulse(settings, { display, signal });
    await asked;
    await running.stop();
  } catch (error) {
    if (signal.aborted) return;
    const reason = reasonIn(lastFatal);
    throw reason === undefined ? error : new Error(`Hindcast did not start: ${reason}`, { cause: error });
  } finally {
    display.close();
  }
  display.say('Hindcast is stopped.');
}

/**
 * One line every few seconds, until it is stopped.
 * @param {StandaloneSettings} settings
 * @param {{ display: import('./run-display.mjs').RunDisplay, signal: AbortSignal }} options
 */
async function showPulse(settings, { display, signal }) {
  /** @type {Map<string, string>} */
  const told = new Map();
  while (!signal.aborted) {
    const pulse = await readPulse(settings);
    if (signal.aborted) return;
    for (const news of feedNews(pulse?.feeds ?? [], told)) display.say(news);
    if (pulse) display.pulse(pulse.line);
    await new Promise((resolve) => setTimeout(resolve, pulseIntervalMs));
  }
}

/**
 * @param {StandaloneSettings} settings
 * @param {{ elapsedMs: number, feeds: readonly string[] | undefined }} facts
 */
function readySummary({ home, url, grpc, log }, { elapsedMs, feeds }) {
  const rows = [
    ['API', `${url}    every call, to read and to try: ${url}/docs`],
    ['gRPC', grpc],
    ...(feeds ?? []).map((feed, index) => [index === 0 ? 'feeds' : '', feed]),
    ['data', `${shown(home)}/${processName}, log ${shown(log)}`],
  ];
  const table = rows.map(([what, text]) => `  ${what.padEnd(5)}  ${text}`).join('\n');
  return `\nHindcast runs, ready after ${(elapsedMs / 1000).toFixed(1)} s.\n\n${table}\n\nTry, in another terminal:\n${commandsToTry(feeds)}`;
}

/**
 * Without a feed there is nothing yet to watch or to compare.
 * @param {readonly string[] | undefined} feeds
 */
function commandsToTry(feeds) {
  const counts = 'npx hindcast sql "SELECT symbol, count(*) AS trades, max(timestamp) AS newest FROM trades GROUP BY symbol"';
  const commands =
    feeds?.length === 0
      ? ['npx hindcast import FILES   # ticks of your own: docs/IMPORT.md', counts, 'npx hindcast feeds --help']
      : ['npx hindcast watch', counts, 'npx hindcast similar --symbol BTC-USDT'];
  return commands.map((command) => `  ${command}`).join('\n');
}

/**
 * @param {StandaloneSettings} settings
 * @param {{ json: boolean }} options
 */
async function showStatus(settings, { json }) {
  const status = await standaloneStatus(settings);
  process.exitCode = exitCodes[status.state];
  if (json) {
    console.log(JSON.stringify(status, null, 2));
    return;
  }
  const where = `in ${shown(settings.home)}`;
  if (status.state === 'stopped') console.log(`No Hindcast runs ${where}. npm start starts it.`);
  else if (status.state === 'starting') console.log(`Hindcast is just starting ${where}, pid ${status.pid}.`);
  else {
    const pulse = await readPulse(settings);
    const health = status.state === 'running' ? 'is ready' : `is not ready: ${status.detail ?? 'it does not say why'}`;
    console.log(`Hindcast ${status.version ?? ''} ${where} ${health}. ${status.url}, pid ${status.pid}`.replace(/ {2,}/g, ' '));
    if (pulse) console.log(pulse.line);
  }
}

/** @param {StandaloneSettings} settings */
async function stop({ home, folders }) {
  const stopped = await stopRun(folders.run, 'Hindcast', (text) => console.log(text));
  console.log(stopped ? 'Hindcast is stopped.' : `No Hindcast runs in ${shown(home)}.`);
}

/** A path as a person here would write it. @param {string} path */
function shown(path) {
  const here = relative(process.cwd(), path);
  return here === '' || here.startsWith('..') ? path : here;
}

/** Of what a container may have, files that the system keeps for it count as used: they are not, so its bound is what counts. */
function freeMemory() {
  return Math.min(freemem(), process.constrainedMemory?.() || Infinity);
}

/** What the file system says, with what can be done about it. @param {unknown} error @param {string} home */
function inWords(error, home) {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
  if (code === undefined || !diskCodes.has(code)) return error;
  return new Error(
    `Hindcast cannot write in ${home} (${message}): make room or give yourself the right, or name another folder with HINDCAST_HOME.`,
    {
      cause: error,
    },
  );
}

await runInForeground(() =>
  main().catch((error) => {
    throw inWords(error, shown(readStandaloneSettings(process.env).home));
  }),
);
