/** Ends the stack of HINDCAST_HOME: `npm run stack:stop`. Only processes that it started are ended. */
import { pathToFileURL } from 'node:url';
import { isRunning, readRunFile, removeRunFile, runningMembers, supervisorName } from './run-files.mjs';
import { services } from './services.mjs';
import { foldersOf, readSettings } from './settings.mjs';

/** The supervisor drains every service in turn; beyond this it is ended by force. */
const drainBoundMs = 180_000;
const memberBoundMs = 30_000;
const killBoundMs = 5_000;
const pollIntervalMs = 50;

/** The order in which what is left of a stack is ended: those who write before those who are written to. */
const stopOrder = [...services.map(({ name }) => name).reverse(), 'questdb', 'redis'];

/**
 * Ends the supervisor, which ends all others; then whatever a killed supervisor left behind.
 * @param {string} run the folder of its run files
 * @param {string} what
 * @param {(text: string) => void} say
 * @returns {Promise<boolean>} whether there was anything to stop
 */
export async function stopRun(run, what, say) {
  const supervisor = readRunFile(run, supervisorName);
  if (supervisor) {
    say(`stopping ${what}, pid ${supervisor.pid}`);
    await endProcess(supervisor, { boundMs: drainBoundMs });
    removeRunFile(run, supervisorName);
  }
  const left = await stopLeftovers(run, say);
  return supervisor !== undefined || left > 0;
}

/**
 * Ends members without a supervisor; returns how many there were.
 * @param {string} run
 * @param {(text: string) => void} say
 */
export async function stopLeftovers(run, say) {
  const left = runningMembers(run).sort((a, b) => stopOrder.indexOf(a.name) - stopOrder.indexOf(b.name));
  for (const member of left) {
    say(`stopping ${member.name}, pid ${member.pid}, which an earlier run left behind`);
    await endProcess(member, { boundMs: memberBoundMs });
    removeRunFile(run, member.name);
  }
  return left.length;
}

/**
 * SIGTERM, and after the bound SIGKILL, to a process that is checked to be ours each time.
 * @param {import('./run-files.mjs').RunRecord} record
 * @param {{ boundMs: number }} options
 */
async function endProcess(record, { boundMs }) {
  if (isRunning(record)) process.kill(record.pid, 'SIGTERM');
  if (await isGone(record, boundMs)) return;
  process.kill(record.pid, 'SIGKILL');
  if (!(await isGone(record, killBoundMs))) throw new Error(`${record.name}, pid ${record.pid}, does not end`);
}

/**
 * @param {import('./run-files.mjs').RunRecord} record
 * @param {number} boundMs
 */
async function isGone(record, boundMs) {
  const deadlineMs = performance.now() + boundMs;
  while (isRunning(record)) {
    if (performance.now() > deadlineMs) return false;
    await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
  }
  return true;
}

async function main() {
  const { home } = readSettings(process.env);
  const stopped = await stopRun(foldersOf(home).run, 'the stack', (text) => console.log(text));
  console.log(stopped ? 'The stack is stopped.' : `No stack runs in ${home}.`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
