/** A process that is kept running: when it ends by itself it is started again, later each time, and each time it is said. */
import { within } from '../servers/server-process.mjs';

/** @typedef {{ firstMs: number, maxMs: number, healthyMs: number }} BackOff */

/** @type {Readonly<BackOff>} */
export const defaultBackOff = Object.freeze({ firstMs: 1_000, maxMs: 30_000, healthyMs: 60_000 });

/**
 * @typedef {import('../servers/server-process.mjs').ServerProcess} ServerProcess
 * @typedef {object} Supervised
 * @property {string} name
 * @property {() => ServerProcess} current
 * @property {() => Promise<void>} stop ends it and keeps it ended
 */

/**
 * Takes over a process that is ready.
 * @param {object} options
 * @param {ServerProcess} options.first
 * @param {() => Promise<ServerProcess>} options.start starts the next one, and records it
 * @param {(text: string) => void} options.say
 * @param {number} options.stopBoundMs after SIGTERM; then it is killed
 * @param {BackOff} [options.backOff] waits double from the first to the most; a run of `healthyMs` forgets them
 * @returns {Supervised}
 */
export function supervise({ first, start, say, stopBoundMs, backOff = defaultBackOff }) {
  let current = first;
  /** @type {(value: true) => void} */
  let stopWaiting = () => undefined;
  /** @type {Promise<true>} */
  const stopAsked = new Promise((resolve) => (stopWaiting = resolve));
  let stopping = false;

  async function keepRunning() {
    let waitMs = backOff.firstMs;
    while (!stopping) {
      const beganMs = performance.now();
      const { code, signal } = await current.exited;
      if (stopping) return;
      if (performance.now() - beganMs > backOff.healthyMs) waitMs = backOff.firstMs;
      say(`ended with ${signal ?? `exit code ${code}`}; starts again in ${waitMs / 1000} s`);
      await within(stopAsked, waitMs);
      waitMs = Math.min(waitMs * 2, backOff.maxMs);
      if (!stopping) await startNext();
    }
  }

  async function startNext() {
    try {
      current = await start();
      say(`started again, pid ${current.pid}`);
    } catch (error) {
      // The old one has ended for good: the loop goes round and waits longer.
      say(`could not be started: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  const kept = keepRunning();
  return {
    name: first.name,
    current: () => current,
    async stop() {
      stopping = true;
      stopWaiting(true);
      const outcome = await current.stop({ boundMs: stopBoundMs });
      await kept;
      // It may have been starting at the moment when it was told to stop.
      if (current.isRunning()) await current.stop({ boundMs: stopBoundMs });
      if (outcome === 'killed') say(`did not end within ${stopBoundMs / 1000} s and was killed`);
    },
  };
}
