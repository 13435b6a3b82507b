import { HindcastError } from '@hindcast/contracts';
import { coin, MemoryWorld, walkedTrades } from './memory.fixture.js';
import { FolderHere } from './moment-folder.js';
import { foldSlice } from './moment-reading.js';

const day = { fromUs: 1_381_000_000_000_000, toUs: 1_381_080_000_000_000 };

it('leaves no failure unhandled where the folding ends while pieces are on their way', async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  const world = new MemoryWorld();
  world.store.pieceRows = 10;
  world.show(walkedTrades({ instrument: coin, ...day, seed: 1, secondsBetween: 300 }), day.toUs);
  const folder = new FolderHere();
  folder.trades = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    throw new HindcastError('SHUTTING_DOWN');
  };
  const session = { day: '2013-10-05', openUs: day.fromUs, closeUs: day.toUs, isHalfDay: false };
  const slice = { ...day, session, skipTo: undefined, finalUs: undefined, isEmpty: false };
  const reading = {
    ...coin,
    key: 'coin',
    store: world.store,
    folder,
    lateThrough: async () => undefined,
    signal: new AbortController().signal,
  };
  await expect(foldSlice(slice, reading)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  for (let turns = 0; turns < 10; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});
