/**
 * Runs a stack: servers, migrations, services, and all of it back down again. What it is made of is given; which
 * process is whose is written to run files, so that stop and status need nothing but the folder.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isPortFree } from '../servers/ports.mjs';
import { startProcess, waitUntilReady } from '../servers/server-process.mjs';
import { nodeExecutable } from '../setup/node-executable.mjs';
import { openBoundedLog } from './bounded-log.mjs';
import { removeRunFile, writeRunFile } from './run-files.mjs';
import { environmentFor, projectRoot } from './settings.mjs';
import { defaultBackOff, supervise } from './supervised.mjs';

const migrationStopBoundMs = 10_000;

/**
 * @typedef {import('./members.mjs').Member} Member
 * @typedef {import('./settings.mjs').StackSettings} StackSettings
 * @typedef {import('./voice.mjs').Voice} Voice
 */

/**
 * @typedef {object} StartOptions
 * @property {{ run: string, logs: string }} folders where it is written who runs, and what they say
 * @property {number} restartDelayMaxMs
 * @property {Voice} voice
 */

/**
 * @typedef {object} StackParts
 * @property {readonly Member[]} servers ready before the migrations run
 * @property {readonly Member[]} services
 * @property {() => Promise<void>} migrate
 */

/**
 * Names every port that is taken, by whom it is wanted and what to do; undefined where all are free.
 * @param {readonly Member[]} members
 * @returns {Promise<string | undefined>}
 */
export async function portsInUse(members) {
  const wanted = members.flatMap(({ name, ports }) => ports.map((port) => ({ name, port })));
  const free = await Promise.all(wanted.map(({ port }) => isPortFree(port)));
  const taken = wanted.filter((_, index) => !free[index]);
  if (taken.length === 0) return undefined;
  const names = taken.map(({ name, port }) => `${port} (${name})`).join(', ');
  return `In use by another process: port ${names}; stop that process, or shift every port with HINDCAST_PORT_OFFSET=100.`;
}

/**
 * Starts everything; resolves once all of it is ready. When something fails, or `signal` is aborted on the way, what was
 * started is stopped again and the promise rejects.
 * @param {StackParts} parts
 * @param {StartOptions & { signal: AbortSignal }} options
 * @returns {Promise<{ stop: () => Promise<void> }>}
 */
export async function startStack({ servers, services, migrate }, { signal, ...options }) {
  const { voice } = options;
  /** @type {{ name: string, stop: () => Promise<void> }[]} */
  const started = [];
  const stop = async () => {
    for (const member of started.reverse()) {
      voice.progress(member.name, 'stopping');
      await member.stop();
    }
    started.length = 0;
  };
  /** @param {readonly Member[]} members */
  const startAll = async (members) => {
    const starting = [];
    for (const member of members) {
      signal.throwIfAborted();
      const running = await startMember(member, options);
      started.push(running);
      starting.push(running.ready(signal));
    }
    await Promise.all(starting);
  };
  try {
    await startAll(servers);
    await migrate();
    await startAll(services);
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Starts one process and records it. It is watched, and started again when it ends, from the moment it is ready.
 * @param {Member} member
 * @param {StartOptions} options
 */
async function startMember(member, { folders: { run, logs }, restartDelayMaxMs, voice }) {
  const { name, stopBoundMs, readyBoundMs } = member;
  const logFile = join(logs, `${name}.log`);
  const log = openBoundedLog(logFile);
  const start = async () => {
    const server = await startProcess(
      member.command((line) => {
        log.write(line);
        if (!member.quiet) voice.line(name, line);
      }),
    );
    try {
      writeRunFile(run, { name, pid: server.pid });
    } catch (error) {
      // Nobody else could ever find it: better none than one that no stop ends.
      await server.kill();
      throw error;
    }
    return server;
  };
  const first = await start();
  /** @type {import('./supervised.mjs').Supervised | undefined} */
  let watched;
  let stopping = false;
  return {
    name,
    /** @param {AbortSignal} signal */
    async ready(signal) {
      const whyNotReady = async () => (signal.aborted ? undefined : member.whyNotReady());
      const evidence = () => (member.quiet ? first.lastLines() : `Its log is ${logFile}`);
      await waitUntilReady(first, { whyNotReady, boundMs: readyBoundMs, evidence });
      signal.throwIfAborted();
      // Another member failed meanwhile, and all of them are on their way down.
      if (stopping) return;
      voice.progress(name, `ready, pid ${first.pid}`);
      const backOff = { ...defaultBackOff, maxMs: restartDelayMaxMs };
      watched = supervise({ first, start, say: (text) => voice.event(name, text), stopBoundMs, backOff });
    },
    async stop() {
      stopping = true;
      await (watched ? watched.stop() : first.stop({ boundMs: stopBoundMs }));
      removeRunFile(run, name);
      log.close();
    },
  };
}

/**
 * Brings the tables up to date through the command line, so that there is one way to do it.
 * @param {{ settings: StackSettings, voice: Voice, signal: AbortSignal }} options
 */
export async function migrateStores({ settings, voice, signal: stopSignal }) {
  const command = join(projectRoot, 'apps/cli/bin/hindcast.mjs');
  if (!existsSync(command)) return;
  const migration = await startProcess({
    name: 'migrate',
    command: nodeExecutable(),
    args: [command, 'migrate', 'up'],
    env: environmentFor(settings),
    cwd: projectRoot,
    onLine: (line) => voice.line('migrate', line),
  });
  const stop = () => void migration.stop({ boundMs: migrationStopBoundMs });
  stopSignal.addEventListener('abort', stop);
  const { code, signal } = await migration.exited;
  stopSignal.removeEventListener('abort', stop);
  stopSignal.throwIfAborted();
  if (code !== 0) throw new Error(`hindcast migrate up ended with ${signal ?? `exit code ${code}`}.\n${migration.lastLines()}`);
}
