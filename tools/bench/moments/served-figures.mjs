/** Searches a second by number of clients, of a process of its own that writes a thousand moments a second meanwhile. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nodeExecutable } from '../../setup/node-executable.mjs';

/** @typedef {import('../figure.mjs').Figure} Figure */

const clients = [1, 8, 64];
const secondsOf = { small: 1, usual: 5, full: 10 };

/**
 * @param {import('../benches.mjs').BenchRun} run
 * @param {{ uri: string, count: number }} memory
 * @returns {Promise<Figure[]>}
 */
export async function servedFigures({ size, undo, say }, { uri, count }) {
  const path = fileURLToPath(new URL('./serving-process.mjs', import.meta.url));
  const child = fork(path, [uri, String(secondsOf[size]), clients.join()], { execPath: nodeExecutable(), serialization: 'advanced' });
  undo.add(() => child.kill());
  /** @type {{ searchesPerSecond: number, p50: number, p99: number, writtenPerSecond: number, residentBytes: number, clients: number }[]} */
  const rounds = [];
  child.on('message', (/** @type {any} */ round) => rounds.push(round));
  const [code] = await once(child, 'exit');
  if (code !== 0 || rounds.length !== clients.length)
    throw new Error(`the process that serves ended with ${code} after ${rounds.length} rounds`);
  say('served');
  const of = `of ${count.toLocaleString('en')}`;
  const figures = rounds.map((round) => ({
    metric: `searches ${of}, ${round.clients} at once, while moments come`,
    ours: round.searchesPerSecond,
    unit: 'searches/s',
    notes: `10 nearest; p50 ${round.p50.toFixed(1)}, p99 ${round.p99.toFixed(1)} ms; ${Math.round(round.writtenPerSecond).toLocaleString('en')} moments/s written`,
  }));
  const residentBytes = Math.max(...rounds.map((round) => round.residentBytes));
  const memory = {
    metric: `memory of the process that serves them`,
    ours: residentBytes / 2 ** 20,
    unit: 'MiB',
    better: /** @type {const} */ ('less'),
  };
  return [...figures, { ...memory, notes: `resident, at most; ${count.toLocaleString('en')} moments` }];
}
