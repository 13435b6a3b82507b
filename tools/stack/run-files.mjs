/**
 * Who runs: one file a process in HINDCAST_HOME/run. A pid alone may since belong to somebody else, so each file also
 * keeps when its process began; only a process with both is ours, and only ours are ever ended.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} RunRecord
 * @property {string} name
 * @property {number} pid
 * @property {string} began
 * @property {string} [state]
 */

/** The name under which the process that starts and watches all others is recorded. */
export const supervisorName = 'supervisor';

/**
 * @param {string} folder
 * @param {{ name: string, pid: number, state?: string }} record
 */
export function writeRunFile(folder, { name, pid, state }) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileFor(folder, name), recordText({ name, pid, state }));
}

/**
 * Records this process as the one that starts and watches what runs here; false where a living one already does.
 * @param {string} folder
 * @param {{ pid: number }} process
 */
export function claimRun(folder, { pid }) {
  mkdirSync(folder, { recursive: true });
  if (readRunFile(folder, supervisorName) === undefined) removeRunFile(folder, supervisorName);
  try {
    writeFileSync(fileFor(folder, supervisorName), recordText({ name: supervisorName, pid, state: 'starting' }), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * The record of a process that still runs; undefined where there is none.
 * @param {string} folder
 * @param {string} name
 * @returns {RunRecord | undefined}
 */
export function readRunFile(folder, name) {
  try {
    const record = /** @type {RunRecord} */ (JSON.parse(readFileSync(fileFor(folder, name), 'utf8')));
    return isRunning(record) ? record : undefined;
  } catch {
    // Missing, or cut off by a power failure: either way it names nobody.
    return undefined;
  }
}

/**
 * Every recorded process that still runs, the supervisor left out.
 * @param {string} folder
 * @returns {RunRecord[]}
 */
export function runningMembers(folder) {
  return filesIn(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => readRunFile(folder, file.slice(0, -'.json'.length)))
    .filter((record) => record !== undefined)
    .filter(({ name }) => name !== supervisorName);
}

/** @param {string} folder */
function filesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    // Nothing was ever started there.
    return [];
  }
}

/**
 * @param {string} folder
 * @param {string} name
 */
export function removeRunFile(folder, name) {
  try {
    // Not `rmSync`: what it says of a disk that cannot be written names neither the code nor the call.
    unlinkSync(fileFor(folder, name));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
  }
}

/** @param {{ pid: number, began: string }} record */
export function isRunning({ pid, began }) {
  return began !== '' && beginningOf(pid) === began;
}

/**
 * Something that no second process with this pid will have; empty where no such process runs.
 * @param {number} pid
 */
function beginningOf(pid) {
  if (process.platform !== 'linux') return beginningAsPsSays(pid);
  try {
    // Fields of /proc/PID/stat count from the last parenthesis, because the program's name may contain anything.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const startTime = fields[18];
    return state === 'Z' ? '' : String(startTime);
  } catch {
    return '';
  }
}

/** @param {number} pid */
function beginningAsPsSays(pid) {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

/** @param {{ name: string, pid: number, state?: string }} record */
function recordText({ name, pid, state }) {
  return `${JSON.stringify({ name, pid, began: beginningOf(pid), state })}\n`;
}

/**
 * @param {string} folder
 * @param {string} name
 */
function fileFor(folder, name) {
  return join(folder, `${name}.json`);
}
