/** Runs the load generator in a process of its own, and measures what it costs the service. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { nodeExecutable } from '../../setup/node-executable.mjs';
import { projectRoot } from '../../stack/settings.mjs';
import { cpuMsOf } from '../cpu-time.mjs';

/**
 * @typedef {import('./load-generator.mjs').Load} Load
 * @typedef {import('./load-generator.mjs').LoadResult} LoadResult
 * @typedef {object} Around
 * @property {() => void} [before] once all is prepared
 * @property {(sent: number) => Promise<void>} [untilDone] what the whole time ends with
 */

/**
 * @param {import('../undo.mjs').Undo} undo
 * @param {number} pid of the service
 * @param {Load} load
 * @param {Around} [around]
 */
export async function underLoad(undo, pid, load, { before, untilDone } = {}) {
  const script = join(projectRoot, 'tools', 'bench', 'push', 'load-generator.mjs');
  const child = spawn(nodeExecutable(), [script, JSON.stringify(load)], { stdio: ['pipe', 'pipe', 'inherit'] });
  undo.add(() => child.kill());
  const lines = createInterface({ input: child.stdout });
  const closed = once(child, 'close');
  await nextLine(lines, closed);
  before?.();
  const cpuBeforeMs = cpuMsOf(pid) ?? 0;
  const startedMs = performance.now();
  child.stdin.write('go\n');
  /** @type {LoadResult} */
  const result = JSON.parse(await nextLine(lines, closed));
  const loadedMs = performance.now() - startedMs;
  const serviceCores = ((cpuMsOf(pid) ?? 0) - cpuBeforeMs) / loadedMs;
  await untilDone?.(result.sent);
  return { ...result, serviceCores, senderCores: result.cpuMs / loadedMs, wholeMs: performance.now() - startedMs };
}

/**
 * @param {import('node:readline').Interface} lines
 * @param {Promise<unknown[]>} closed
 * @returns {Promise<string>}
 */
async function nextLine(lines, closed) {
  const failed = closed.then(([code]) => Promise.reject(new Error(`the load generator ended with exit code ${code}`)));
  const [line] = await Promise.race([once(lines, 'line'), failed]);
  return line;
}
