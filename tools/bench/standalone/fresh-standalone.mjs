/** A standalone process of the bench's own: every service in one, in a new folder, on free ports. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { loopback } from '../../servers/ports.mjs';
import { startProcess, waitUntilReady } from '../../servers/server-process.mjs';
import { nodeExecutable } from '../../setup/node-executable.mjs';
import { standalonePorts } from '../../stack/services.mjs';
import { projectRoot } from '../../stack/settings.mjs';
import { freeOffset } from '../bench-servers.mjs';

const bounds = { readyMs: 60_000, stopMs: 120_000, restMs: 3_600_000 };
const pollMs = 20;

/**
 * @typedef {object} Standalone
 * @property {string} home
 * @property {string} httpUrl
 * @property {string} grpcUrl `host:port`
 * @property {number} pid
 * @property {number} readyMs from the start of the process until it says that it is ready
 * @property {number} startedMs when it was started, on the clock of this process
 * @property {() => Promise<unknown>} stop as Ctrl-C does
 */

/**
 * @param {import('../undo.mjs').Undo} undo
 * @param {{ home?: string, profileDir?: string, env?: Readonly<Record<string, string>>, onLine?: (line: string) => void, flags?: readonly string[] }} [options] `home` of one that ran before
 * @returns {Promise<Standalone>}
 */
export async function freshStandalone(undo, { home = undo.folder(), profileDir, env = {}, onLine, flags = [] } = {}) {
  const portOffset = await freeOffset(Object.values(standalonePorts));
  const httpUrl = `http://${loopback}:${standalonePorts.http + portOffset}`;
  const profiling = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
  const startedMs = performance.now();
  const server = await startProcess({
    name: 'standalone',
    onLine,
    command: nodeExecutable(),
    args: [...flags, ...profiling, join(projectRoot, 'apps/standalone/dist/main.js')],
    env: {
      NODE_OPTIONS: '',
      HINDCAST_HOME: home,
      HINDCAST_FEED: 'none',
      HINDCAST_LOG_LEVEL: 'warn',
      HINDCAST_PORT_OFFSET: String(portOffset),
      ...env,
    },
  });
  const stop = () => server.stop({ boundMs: bounds.stopMs });
  undo.add(stop);
  await waitUntilReady(server, { whyNotReady: () => whyNotReady(httpUrl), boundMs: bounds.readyMs });
  const readyMs = performance.now() - startedMs;
  return { home, httpUrl, grpcUrl: `${loopback}:${standalonePorts.grpc + portOffset}`, pid: server.pid, readyMs, startedMs, stop };
}

/** @param {string} url */
async function whyNotReady(url) {
  try {
    const response = await fetch(`${url}/health/ready`);
    return response.ok ? undefined : `${url} answered ${response.status}`;
  } catch (error) {
    return String(error);
  }
}

/**
 * Resolves when a SELECT has seen all that the log has taken.
 * @param {Standalone} standalone
 */
export async function untilStored({ httpUrl }) {
  return untilTrue('everything to be stored', async () => {
    const ledger = await numbersOf(`${httpUrl}/v1/ledger`);
    return ledger.stored_through_number === ledger.head_number;
  });
}

/**
 * Resolves when states are made too; with `embedded`, their vectors as well.
 * @param {Standalone} standalone
 * @param {{ embedded: boolean }} options
 */
export async function untilFolded({ httpUrl }, { embedded }) {
  return untilTrue('the process to come to rest', async () => {
    const [ledger, progress] = await Promise.all([numbersOf(`${httpUrl}/v1/ledger`), numbersOf(`${httpUrl}/v1/progress`)]);
    const isStored = ledger.stored_through_number === ledger.head_number;
    return isStored && progress.folded_number === ledger.head_number && (!embedded || progress.embedding_queue === 0);
  });
}

/** @param {string} what @param {() => Promise<boolean>} isSo @param {number} [everyMs] */
export async function untilTrue(what, isSo, everyMs = pollMs) {
  const deadlineMs = performance.now() + bounds.restMs;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${bounds.restMs / 1_000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** @param {string} url @returns {Promise<Record<string, number>>} */
export async function numbersOf(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return /** @type {Record<string, number>} */ (await response.json());
}

/**
 * @param {Standalone} standalone
 * @returns {Promise<import('@hindcast/contracts').LedgerDto>}
 */
export async function ledgerOf({ httpUrl }) {
  const response = await fetch(`${httpUrl}/v1/ledger`);
  return /** @type {import('@hindcast/contracts').LedgerDto} */ (await response.json());
}

/** What files take, write-ahead logs included; one that goes meanwhile takes nothing. @param {string} folder @returns {number} */
export function bytesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? bytesBelow(path) : (statSync(path, { throwIfNoEntry: false })?.size ?? 0));
  }, 0);
}
