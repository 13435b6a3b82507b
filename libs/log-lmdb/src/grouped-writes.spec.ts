import { GroupedWrites } from './grouped-writes.js';

/** Commits that end when they are told to. */
function held() {
  const commits: {
    readonly writes: readonly number[];
    readonly end: (faults?: readonly (Error | undefined)[]) => void;
    readonly fail: () => void;
  }[] = [];
  const writes = new GroupedWrites<number>(
    (group) =>
      new Promise((resolve, reject) => {
        commits.push({
          writes: group,
          end: (faults = group.map(() => undefined)) => resolve(faults),
          fail: () => reject(new Error('disk full')),
        });
      }),
  );
  const committed = async (count: number): Promise<void> => {
    while (commits.length < count) await new Promise(setImmediate);
  };
  return { writes, commits, committed };
}

describe('grouped writes', () => {
  it('share the commit after the one under way, in their order', async () => {
    const { writes, commits, committed } = held();
    const first = writes.add(1);
    await committed(1);
    const others = [writes.add(2), writes.add(3)];
    commits[0].end();
    await first;
    await committed(2);
    commits[1].end();
    await Promise.all(others);
    expect(commits.map((commit) => commit.writes)).toEqual([[1], [2, 3]]);
  });

  it('say which of them the next one will join: none whose commit has begun', async () => {
    const { writes, commits, committed } = held();
    const added = [writes.add(1)];
    expect(writes.sharesNext((write) => write === 1)).toBe(true);
    await committed(1);
    expect(writes.sharesNext((write) => write === 1)).toBe(false);
    for (let write = 2; write <= 256; write++) added.push(writes.add(write));
    expect(writes.sharesNext((write) => write === 2)).toBe(true);
    added.push(writes.add(257));
    // A commit takes 256, and what comes next is in another.
    expect(writes.sharesNext((write) => write === 257)).toBe(false);
    added.push(writes.add(258));
    commits[0].end();
    await committed(2);
    commits[1].end();
    await committed(3);
    expect(commits.map((commit) => commit.writes.length)).toEqual([1, 256, 1]);
    commits[2].end();
    await Promise.all(added);
  });

  it('fail together where the commit fails, and alone where one is left out', async () => {
    const { writes, commits, committed } = held();
    const failed = [writes.add(1), writes.add(2)];
    await committed(1);
    commits[0].fail();
    expect(await Promise.allSettled(failed)).toMatchObject([{ reason: { message: 'disk full' } }, { reason: { message: 'disk full' } }]);
    const later = [writes.add(3), writes.add(4)];
    await committed(2);
    commits[1].end([new Error('does not follow'), undefined]);
    expect(await Promise.allSettled(later)).toMatchObject([{ reason: { message: 'does not follow' } }, { status: 'fulfilled' }]);
  });

  it('are settled when the last one is on disk', async () => {
    const { writes, commits, committed } = held();
    let isSettled = false;
    const added = writes.add(1);
    const settled = writes.settled().then(() => (isSettled = true));
    await committed(1);
    expect(isSettled).toBe(false);
    commits[0].end();
    await Promise.all([added, settled]);
    await writes.settled();
  });
});
