/** How what is started with npm stays, is told to stop, and goes on without a terminal: the same for a stack and for one process. */
import { fork } from 'node:child_process';

/** Given to the process that stays when the one with the terminal returns. */
const detachedFlag = '--detached';

const parentCheckIntervalMs = 1_000;

/** Whether this process is the one that stays. */
export const isDetached = process.argv.includes(detachedFlag);

/**
 * Ctrl-C, a polite kill and a closed terminal all mean: drain and stop. npm passes a Ctrl-C on that the terminal has
 * already sent, so a second signal means nothing more than the first; each step of stopping has a bound of its own.
 * @param {() => void} onStop told once
 */
export function stopOnSignals(onStop) {
  const abort = new AbortController();
  /** @type {Promise<void>} */
  const asked = new Promise((resolve) => {
    const stop = () => {
      if (abort.signal.aborted) return;
      onStop();
      abort.abort();
      resolve();
    };
    for (const name of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.on(name, stop);
    }
    if (!isDetached) stopWithoutNpm(stop);
  });
  return { signal: abort.signal, asked };
}

/**
 * npm passes signals on, unless it is killed itself: then nobody could end this with a Ctrl-C any more, so it ends.
 * @param {() => void} stop
 */
function stopWithoutNpm(stop) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = process.ppid;
  setInterval(() => process.ppid !== npm && stop(), parentCheckIntervalMs).unref();
}

/**
 * Starts a script again without a terminal; resolves with its word once it is ready.
 * @param {string} script
 * @param {{ what: string, logs: string }} options
 * @returns {Promise<string>}
 */
export async function startDetached(script, { what, logs }) {
  const child = fork(script, [detachedFlag], { detached: true, stdio: 'ignore' });
  /** @type {{ ready: string } | { failed: string }} */
  const report = await new Promise((resolve) => {
    child.once('message', (message) => resolve(/** @type {{ ready: string }} */ (message)));
    child.once('exit', (code) => resolve({ failed: `${what} ended with exit code ${code}; ${logs} says why.` }));
  });
  if ('failed' in report) throw new Error(report.failed);
  child.disconnect();
  child.unref();
  return report.ready;
}

/** Tells whoever started this without a terminal that all is ready. @param {string} summary */
export function sayReady(summary) {
  process.send?.({ ready: summary });
}

/**
 * Runs what npm has started: a failure is one message and exit code 1, at the terminal of whoever started it.
 * @param {() => Promise<void>} main
 */
export async function runInForeground(main) {
  // A terminal that has gone away must not end what runs before it has drained.
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
}
