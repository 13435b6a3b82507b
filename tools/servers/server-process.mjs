/**
 * One server as a child process. It runs in a process group of its own, so that a Ctrl-C in the terminal reaches it only
 * through whoever started it, in the right order; and where Linux offers it, it ends when its parent is killed.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { findExecutable, wordsOf } from './executables.mjs';

const outputLinesKept = 40;
const pollIntervalMs = 50;

/**
 * @typedef {object} ServerCommand
 * @property {string} name
 * @property {string} command
 * @property {readonly string[]} args
 * @property {NodeJS.ProcessEnv} [env] added to our own
 * @property {string} [cwd]
 * @property {(line: string) => void} [onLine] each line of stdout and stderr
 * @property {NodeJS.Signals} [parentDeathSignal] what it gets when its parent is killed; SIGTERM by default
 * @property {() => void} [afterKill] what a SIGKILL does not reach
 */

/**
 * @typedef {object} ServerProcess
 * @property {string} name
 * @property {number} pid
 * @property {Promise<{ code: number | null, signal: NodeJS.Signals | null }>} exited never rejects
 * @property {() => boolean} isRunning
 * @property {() => string} lastLines what it said last, for the message of a failure
 * @property {(options: { boundMs: number }) => Promise<'stopped' | 'killed'>} stop asks with SIGTERM, kills after the bound
 * @property {() => Promise<void>} kill
 */

/**
 * Starts a process; resolves once it exists, not once it is ready.
 * @param {ServerCommand} options
 * @returns {Promise<ServerProcess>}
 */
export async function startProcess({ name, command, args, env, cwd, onLine, parentDeathSignal = 'SIGTERM', afterKill }) {
  const [file, ...rest] = tiedToParent([command, ...args], parentDeathSignal);
  const child = spawn(/** @type {string} */ (file), rest, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  /** @type {string[]} */
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > outputLinesKept) lines.shift();
      onLine?.(line);
    });
  }
  /** @type {ServerProcess['exited']} */
  const exited = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`${name} could not be started: ${error.message}`, { cause: error })));
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const signalIt = (/** @type {NodeJS.Signals} */ signal) => isRunning() && child.kill(signal);
  const kill = async () => {
    signalIt('SIGKILL');
    await exited;
    afterKill?.();
  };
  return {
    name,
    pid: /** @type {number} */ (child.pid),
    exited,
    isRunning,
    lastLines: () => lines.join('\n'),
    async stop({ boundMs }) {
      signalIt('SIGTERM');
      if ((await within(exited, boundMs)) !== undefined) return 'stopped';
      await kill();
      return 'killed';
    },
    kill,
  };
}

/**
 * Waits until nothing speaks against it any more; throws when the process ends first or the time is over.
 * @param {ServerProcess} server
 * @param {object} options
 * @param {() => Promise<string | undefined>} options.whyNotReady
 * @param {number} options.boundMs
 * @param {() => string} [options.evidence] ends the message of a failure; what the server said last by default
 */
export async function waitUntilReady(server, { whyNotReady, boundMs, evidence = server.lastLines }) {
  const deadlineMs = performance.now() + boundMs;
  while (server.isRunning()) {
    const reason = await whyNotReady().catch(wordsOf);
    if (reason === undefined) return;
    if (performance.now() > deadlineMs) {
      throw new Error(`${server.name} was not ready after ${boundMs / 1000} s: ${reason}\n${evidence()}`);
    }
    await within(server.exited, pollIntervalMs);
  }
  const { code, signal } = await server.exited;
  throw new Error(`${server.name} ended with ${signal ?? `exit code ${code}`} before it was ready.\n${evidence()}`);
}

/**
 * The promise's value, or undefined once the time is over.
 * @template T
 * @param {Promise<T>} promise
 * @param {number} boundMs
 * @returns {Promise<T | undefined>}
 */
export function within(promise, boundMs) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, boundMs, undefined);
  });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

/**
 * Prefixes a command so that the kernel signals it when its parent dies, even by SIGKILL. Nothing else can promise that.
 * @param {readonly string[]} command
 * @param {NodeJS.Signals} signal
 */
function tiedToParent(command, signal) {
  const setpriv = process.platform === 'linux' ? findExecutable(['setpriv']) : undefined;
  return setpriv === undefined ? command : [setpriv, '--pdeathsig', signal.replace('SIG', ''), ...command];
}
