import { ReadingTurns } from './reading-turns.js';

/** Each look at the clock takes ten milliseconds. */
function turns(): ReadingTurns {
  let nowMs = 0;
  return new ReadingTurns(() => (nowMs += 10));
}

const piece = async (): Promise<string> => 'piece';

it('lets a reading that nobody waits for begin at once where nobody else reads', async () => {
  expect(await turns().behind(piece)).toBe('piece');
});

it('has it wait for those that somebody waits for, and for what they may ask for next', async () => {
  const reading = turns();
  const told: string[] = [];
  const others = Promise.withResolvers<void>();
  const first = reading.first(async () => {
    await others.promise;
    told.push('first');
  });
  const behind = reading.behind(async () => void told.push('behind'));
  others.resolve();
  await Promise.all([first, behind]);
  expect(told).toEqual(['first', 'behind']);
});

it('lets it go after a second, however long others read', async () => {
  const reading = turns();
  const others = Promise.withResolvers<void>();
  const first = reading.first(() => others.promise);
  expect(await reading.behind(piece)).toBe('piece');
  others.resolve();
  await first;
});

it('goes on behind a reading that has failed', async () => {
  const reading = turns();
  await expect(reading.first(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await reading.behind(piece)).toBe('piece');
});
