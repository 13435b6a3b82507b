import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import { LmdbTickLog } from '@hindcast/log-lmdb';
import { noInheritance, systemClock } from '@hindcast/ports';
import { logFollowerConformance } from '@hindcast/testing';
import { InProcessLog } from './in-process-log.js';

describe('following the log of the same process', () => {
  let dir: string;
  let log: LmdbTickLog;

  afterEach(async () => {
    await log.close();
    await rm(dir, { recursive: true });
  });

  logFollowerConformance(async () => {
    dir = await mkdtemp(join(tmpdir(), 'in-process-log-'));
    log = await LmdbTickLog.open({ dir, clock: systemClock, newStreamId: () => 'main', inherit: async () => noInheritance });
    return { log, follower: new InProcessLog(() => log) };
  });
});

it('passes on that the log is not open yet, as something to try again', async () => {
  const follower = new InProcessLog(() => {
    throw new HindcastError('STORE_NOT_READY', 'the log is being opened');
  });
  const notYet = { code: 'STORE_NOT_READY', retry: true };
  await expect(follower.beginning()).rejects.toMatchObject(notYet);
  await expect(follower.reportCheckpoint({ streamId: 'a', follower: 'b', number: 1 })).rejects.toMatchObject(notYet);
  const batches = follower.follow({ fromNumber: 1 })[Symbol.asyncIterator]();
  await expect(batches.next()).rejects.toMatchObject(notYet);
});
