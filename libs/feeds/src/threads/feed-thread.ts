import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { HindcastError } from '@hindcast/contracts';
import { systemClock } from '@hindcast/ports';
import { createFeed } from '../config/feed-factory.js';
import type { Feed, FeedWorld } from '../feed.js';
import type { FeedThreadData, ThreadCommand, ThreadReport } from './thread-messages.js';

/** The thread's own side of a feed: sends a batch for each one that was asked for, and how the source stands. */
const statusIntervalMs = 200;

const world: FeedWorld = {
  clock: systemClock,
  random: Math.random,
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
};

function report(message: ThreadReport): void {
  parentPort?.postMessage(message);
}

function openFeed(): Feed {
  const { config, secrets, position } = workerData as FeedThreadData;
  const feed = createFeed(config, world, secrets);
  if (position) feed.resume(position);
  return feed;
}

async function send(feed: Feed): Promise<void> {
  const iterator = feed[Symbol.asyncIterator]();
  let asked = 0;
  let isStopping = false;
  let wake: () => void = () => undefined;
  parentPort?.on('message', ({ kind }: ThreadCommand) => {
    if (kind === 'next') asked++;
    else isStopping = true;
    if (isStopping) void iterator.return?.();
    wake();
  });
  const tellStatus = (): void => report({ kind: 'status', status: feed.status(), feedKind: feed.kind });
  const timer = setInterval(tellStatus, statusIntervalMs);
  try {
    while (!isStopping) {
      if (asked === 0) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      const result = await iterator.next();
      if (result.done === true) break;
      asked--;
      report({ kind: 'batch', batch: result.value, position: feed.position() });
    }
  } finally {
    clearInterval(timer);
    tellStatus();
    await iterator.return?.();
  }
}

try {
  await send(openFeed());
  report({ kind: 'ended' });
} catch (error) {
  const code = error instanceof HindcastError ? error.code : undefined;
  report({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) });
} finally {
  parentPort?.close();
}
