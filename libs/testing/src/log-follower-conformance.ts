import type { FollowedBatch, LogFollower, TickLog } from '@hindcast/ports';
import { batchContent, logBatch, logWrite, spy } from './log-writes.js';
import { startUs } from './tick-store-scenes.js';

/** What following a log means, also from another process. `open` gives an empty log and a follower of it. */
export function logFollowerConformance(open: () => Promise<{ readonly log: TickLog; readonly follower: LogFollower }>): void {
  let log: TickLog;
  let follower: LogFollower;
  beforeEach(async () => ({ log, follower } = await open()));

  const append = (...numbers: readonly number[]): Promise<void> => log.append(logWrite(log.position().serial + 1, numbers.map(logBatch)));

  it('reads the past from any number, then what is written, in order', async () => {
    await append(1, 2, 3);
    const seen: number[] = [];
    for await (const { batch, headNumber, streamId } of follower.follow({ fromNumber: 2 })) {
      expect(streamId).toBe(log.streamId);
      expect(headNumber).toBeGreaterThanOrEqual(batch.number);
      expect(batchContent(batch)).toEqual(batchContent(logBatch(batch.number)));
      seen.push(batch.number);
      if (batch.number === 3) await append(4);
      if (batch.number === 4) await append(5, 6);
      if (batch.number === 6) break;
    }
    expect(seen).toEqual([2, 3, 4, 5, 6]);
  });

  it('waits for a batch that is not there yet, for as many followers as there are', async () => {
    const first = [1, 2, 3].map(() => nextOf(follower.follow({ fromNumber: 1, streamId: log.streamId })));
    await append(1);
    expect((await Promise.all(first)).map((followed) => followed?.batch.number)).toEqual([1, 1, 1]);
  });

  it('says where the log begins, and the clocks as they were there', async () => {
    await append(1, 2);
    await log.trim({ throughNumber: 1, floors: [], clocks: [{ ...spy, timeUs: startUs }], rows: 5 });
    expect(await follower.beginning()).toEqual({ streamId: log.streamId, firstNumber: 2, clocks: [{ ...spy, timeUs: startUs }] });
  });

  it('says NUMBER_TRIMMED where the batch is gone, also to one who was on his way', async () => {
    await append(1, 2, 3);
    const behind = follower.follow({ fromNumber: 1 })[Symbol.asyncIterator]();
    await behind.next();
    await log.trim({ throughNumber: 3, floors: [], clocks: [], rows: 15 });
    await expect(nextOf(follower.follow({ fromNumber: 1 }))).rejects.toMatchObject({ code: 'NUMBER_TRIMMED' });
    await append(4);
    expect((await nextOf(follower.follow({ fromNumber: 4 })))?.batch.number).toBe(4);
    await behind.return?.();
  });

  it('never stands still while batches are trimmed under a follower', async () => {
    await append(1, 2, 3, 4, 5, 6, 7, 8);
    const trimming = log.trim({ throughNumber: 8, floors: [], clocks: [], rows: 40 });
    const reading = (async () => {
      for await (const { batch } of follower.follow({ fromNumber: 1 })) {
        await new Promise(setImmediate);
        if (batch.number === 8) return 'read';
      }
      return 'ended';
    })().catch((error: unknown) => (error as { readonly code: string }).code);
    await trimming;
    expect(['read', 'NUMBER_TRIMMED']).toContain(await reading);
  });

  it('says STREAM_UNKNOWN to one who follows another log', async () => {
    await append(1);
    await expect(nextOf(follower.follow({ fromNumber: 1, streamId: 'another' }))).rejects.toMatchObject({ code: 'STREAM_UNKNOWN' });
    const report = { streamId: 'another', follower: 'market-physics', number: 1 };
    await expect(follower.reportCheckpoint(report)).rejects.toMatchObject({ code: 'STREAM_UNKNOWN' });
    expect(log.recall().checkpoints).toEqual([]);
  });

  it('ends where it is aborted, at once and without an error', async () => {
    const abort = new AbortController();
    const waiting = nextOf(follower.follow({ fromNumber: 1, signal: abort.signal }));
    abort.abort();
    expect(await waiting).toBeUndefined();
    expect(await nextOf(follower.follow({ fromNumber: 1, signal: AbortSignal.abort() }))).toBeUndefined();
  });

  it('keeps the highest checkpoint of each follower', async () => {
    const report = (name: string, number: number) => follower.reportCheckpoint({ streamId: log.streamId, follower: name, number });
    await append(1, 2, 3, 4, 5, 6, 7);
    await report('market-physics', 3);
    await Promise.all([report('market-physics', 7), report('market-physics', 5), report('other', 1)]);
    expect(log.progress().checkpoints).toEqual(log.recall().checkpoints);
    const numbers = log.progress().checkpoints.map(({ follower: name, number }) => [name, number]);
    expect(numbers.toSorted()).toEqual([
      ['market-physics', 7],
      ['other', 1],
    ]);
  });
}

async function nextOf(batches: AsyncIterable<FollowedBatch>): Promise<FollowedBatch | undefined> {
  for await (const followed of batches) return followed;
  return undefined;
}
