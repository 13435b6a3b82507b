import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { HindcastError } from '@hindcast/contracts';
import { storeError } from './duckdb-errors.js';

const lockFileName = 'store.lock';
/** What both readings of the clocks may differ by; no process starts twice within it. */
const startToleranceSeconds = 0.005;

interface Holder {
  readonly pid: number;
  /** When the process began, in seconds of a clock that only goes forward: a new process may have an old one's number. */
  readonly startedSeconds: number;
  readonly thread: number;
}

/**
 * Keeps one folder from being opened twice in one process, in whichever thread: DuckDB's own lock is the process's, so it
 * would allow it, and two instances on one file destroy it. Other processes are DuckDB's lock's business; what a process
 * that died has left is taken over. Returns what gives the folder back.
 */
export function lockStore(dir: string): () => void {
  const path = join(dir, lockFileName);
  const holder: Holder = { pid: process.pid, startedSeconds: processStartSeconds(), thread: threadId };
  const taken = readHolder(path);
  if (taken && isThisProcess(taken))
    throw new HindcastError(
      'STORE_LOCKED',
      `${dir} is open in this process already, in thread ${taken.thread}: all of a process go through one store`,
    );
  rmSync(path, { force: true });
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw storeError(`${dir} cannot be locked`, cause);
    throw new HindcastError('STORE_LOCKED', `${dir} is just being opened in this process`, { cause });
  }
  return () => rmSync(path, { force: true });
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    // Not there, or cut off while its process died: nobody's.
    return undefined;
  }
}

function isThisProcess({ pid, startedSeconds }: Holder): boolean {
  return pid === process.pid && Math.abs(startedSeconds - processStartSeconds()) < startToleranceSeconds;
}

function processStartSeconds(): number {
  return Number(process.hrtime.bigint()) / 1e9 - process.uptime();
}
