import { once } from 'node:events';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { HindcastError } from '@hindcast/contracts';
import type { StandaloneConfig } from './config.js';
import type { EmbeddedTickStore } from './embedded-stores.js';
import { retentionOf } from './retention-setting.js';
import { connectedStore } from './store/connected-store.js';
import type { ThreadCommand, ThreadOpening } from './store/store-thread.js';

/**
 * One DuckDB file an instrument, open in a thread of its own, where the drain writes: neither rows on their way in nor
 * results on their way out keep a door waiting. A thread that fails takes the process with it, as any bug does.
 */
export async function openDuckDb(thread: Worker, config: StandaloneConfig): Promise<EmbeddedTickStore> {
  const options = {
    dir: join(config.home, 'data'),
    attachedMax: config.duckdbFilesMax,
    memoryBytesMax: config.duckdbMemoryBytesMax,
    waitingBytesMax: config.duckdbWaitingBytesMax,
    retention: retentionOf(config.duckdbRetention),
  };
  thread.postMessage({ kind: 'open', options } satisfies ThreadCommand);
  const [opening] = (await once(thread, 'message')) as [ThreadOpening];
  if (opening.kind === 'refused') throw new HindcastError(opening.code, opening.message);
  return connectedStore({
    send: (command) => thread.postMessage(command, [command.port]),
    closeStore: async () => {
      const ended = once(thread, 'exit');
      thread.postMessage({ kind: 'end' } satisfies ThreadCommand);
      await ended;
    },
  });
}
