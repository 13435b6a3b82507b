/** On what a figure was taken: a number without its machine says little. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { projectRoot } from '../stack/settings.mjs';

/**
 * @typedef {object} Taking where and when a bench's figures were taken
 * @property {string} takenAt the day, UTC
 * @property {string} commit as git shortens it, with `+` where files were changed since
 * @property {string} machine
 * @property {number} load processes that wanted a core in the minute before, on average: above 0.5 the machine was not quiet
 * @property {number} elapsedS
 */

/**
 * Called before the bench runs.
 * @returns {Omit<Taking, 'elapsedS'>}
 */
export function takingNow() {
  return { takenAt: new Date().toISOString().slice(0, 10), commit: commit(), machine: machine(), load: loadavg()[0] ?? 0 };
}

function machine() {
  const [first] = cpus();
  const model = (first?.model ?? process.arch).replaceAll(/\((R|TM)\)| CPU|@.*/g, '').trim();
  const memoryGb = Math.round(totalmem() / 1024 ** 3);
  return `${cpus().length} cores (${model}), ${memoryGb} GB, ${process.platform}, Node ${process.versions.node}`;
}

function commit() {
  try {
    const git = (/** @type {string[]} */ ...args) => execFileSync('git', args, { cwd: projectRoot, encoding: 'utf8' }).trim();
    const isChanged = git('status', '--porcelain', '--untracked-files=no', '--', 'apps', 'libs', 'tools', 'migrations', 'infra') !== '';
    return `${git('rev-parse', '--short=8', 'HEAD')}${isChanged ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}
