import { writeSync } from 'node:fs';
import type { HindcastError } from '@hindcast/contracts';
import { noInheritance } from '@hindcast/ports';
import { logBatch, logWrite } from '@hindcast/testing';
import { LmdbTickLog } from './lmdb-tick-log.js';

/**
 * A process to be killed, or to run out of disk: appends batch after batch, some at once, and prints the number of each
 * that is acknowledged. What a failed write says is printed too, and ends it.
 */
const writesAtOnce = 6;
const [dir] = process.argv.slice(2);
const log = await LmdbTickLog.open({
  dir,
  clock: { nowUs: () => 0 },
  newStreamId: () => 'numbered',
  inherit: () => Promise.resolve(noInheritance),
});

let { headNumber: number, serial } = log.position();
let hasFailed = false;

async function write(): Promise<void> {
  while (!hasFailed) {
    const batch = logBatch(++number);
    try {
      await log.append(logWrite(++serial, [batch]));
      // At once, not through a buffer that dies with the process.
      writeSync(1, `${batch.number}\n`);
    } catch (error) {
      hasFailed = true;
      writeSync(1, `${(error as HindcastError).code}\n`);
    }
  }
}

await Promise.all(Array.from({ length: writesAtOnce }, write));
