import { parentPort } from 'node:worker_threads';
import { HindcastError } from '@hindcast/contracts';
import { transferablesOf, type MomentParts } from '@hindcast/memory';
import type { FoldingAnswer, FoldingCall, FoldingFailure } from './folding-messages.js';
import { FolderHere } from './moment-folder.js';

/** The thread of a `ThreadedFolder`: calls come one after another, each is answered. */
if (!parentPort) throw new Error('folding-thread is a worker thread');
const port = parentPort;
const folder = new FolderHere();

port.on('message', ({ id, method, args }: FoldingCall) => {
  // Called by name: what comes in is what the other side's types let through.
  const call = folder[method].bind(folder) as (...given: readonly unknown[]) => Promise<unknown>;
  call(...args).then(
    (value) => port.postMessage({ id, value } satisfies FoldingAnswer, momentsIn(value)),
    (error: unknown) => port.postMessage({ id, failure: failureOf(error) } satisfies FoldingAnswer),
  );
});

function momentsIn(value: unknown): ArrayBuffer[] {
  const values = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  return values.flatMap((one) => (isMoments(one) ? transferablesOf(one) : []));
}

function isMoments(value: unknown): value is MomentParts {
  return typeof value === 'object' && value !== null && 'outcomes' in value && 'mask' in value;
}

function failureOf(error: unknown): FoldingFailure {
  if (error instanceof HindcastError) return { code: error.code, message: error.message };
  return { code: undefined, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
