import { HindcastError } from '@hindcast/contracts';
import { sleepingWorld } from '../running/running.fixture.js';
import { away, reconnecting, unlessAborted } from './reconnecting.js';

describe('one connection after another', () => {
  it('waits ever longer, and begins anew after one that had worked', async () => {
    const world = sleepingWorld();
    const abort = new AbortController();
    let connects = 0;
    await reconnecting({
      world,
      signal: abort.signal,
      connect: async () => {
        if (++connects === 6) abort.abort();
        throw away(new Error('refused'));
      },
      onLost: () => connects === 4,
    });
    expect(world.slept).toEqual([375, 750, 1_500, 375, 750]);
  });

  it.each([new HindcastError('FEED_DENIED'), new TypeError('a bug')])('ends by %s', async (error) => {
    const lost: unknown[] = [];
    const run = reconnecting({
      world: sleepingWorld(),
      signal: new AbortController().signal,
      connect: () => Promise.reject(error),
      onLost: (reason) => lost.push(reason) > 0,
    });
    await expect(run).rejects.toBe(error);
    expect(lost).toEqual([error]);
  });

  it('leaves what hangs when it is told to', async () => {
    const abort = new AbortController();
    const waiting = unlessAborted(new Promise(() => undefined), abort.signal);
    abort.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
    await expect(unlessAborted(Promise.resolve(1), abort.signal)).rejects.toThrow('stop');
    await expect(unlessAborted(Promise.resolve(1), new AbortController().signal)).resolves.toBe(1);
  });
});
