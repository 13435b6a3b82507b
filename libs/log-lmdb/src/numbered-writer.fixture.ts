import { writeSync } from 'node:fs';
import { noInheritance } from '@hindcast/ports';
import { logBatch, logWrite } from '@hindcast/testing';
import { LmdbTickLog } from './lmdb-tick-log.js';

/** A process to be killed: appends batch after batch, some at once, and prints the number of each that is acknowledged. */
const writesAtOnce = 6;
const [dir] = process.argv.slice(2);
const log = await LmdbTickLog.open({
  dir,
  clock: { nowUs: () => 0 },
  newStreamId: () => 'killed',
  inherit: () => Promise.resolve(noInheritance),
});

let { headNumber: number, serial } = log.position();

async function write(): Promise<never> {
  for (;;) {
    const batch = logBatch(++number);
    await log.append(logWrite(++serial, [batch]));
    // At once, not through a buffer that dies with the process.
    writeSync(1, `${batch.number}\n`);
  }
}

await Promise.all(Array.from({ length: writesAtOnce }, write));
