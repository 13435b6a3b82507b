import type { StoredProgress } from '@hindcast/ports';
import { IngestWorld, noonUs, tradesBatch } from '../ingest-world.fixture.js';
import { silentLogger } from '../silent-logger.fixture.js';
import { drainHere, type StartDrain } from './drain-run.js';
import { DrainWorker } from './drain.worker.js';

let world: IngestWorld;
let worker: DrainWorker;
let stored: StoredProgress[];
let wake: () => void;
beforeEach(async () => {
  stored = [];
  wake = () => undefined;
  world = await IngestWorld.create();
});
afterEach(async () => {
  await worker.stop();
  await world.remove();
});

function drainWith(startDrain: StartDrain): DrainWorker {
  worker = new DrainWorker({
    log: world.log,
    logDir: world.dirs[0],
    startDrain,
    pieceRowsMax: 5,
    quarantineRowsMax: 10,
    pieceIntervalMs: 0,
    logger: silentLogger,
    onStored: (progress) => {
      stored.push(progress);
      wake();
    },
  });
  return worker;
}

async function send(...ids: readonly string[]): Promise<void> {
  for (const id of ids) await world.send(tradesBatch([{ id, timeUs: noonUs + Number(id) }]));
}

async function untilStored(number: number): Promise<void> {
  while (world.log.progress().storedThroughNumber < number) await new Promise<void>((resolve) => (wake = resolve));
}

const idsInStore = (): string[] => [...world.store.trade.values()].map(({ id }) => id);

it('stores what the log has and what comes, and writes down how far it is', async () => {
  await send('1', '2');
  drainWith(drainHere(world.store)).start();
  await untilStored(2);
  await send('3');
  worker.advance(3);
  await untilStored(3);
  expect(idsInStore()).toEqual(['1', '2', '3']);
  expect(worker.rowsStored).toBe(3);
  expect(stored.map(({ firstNumber, throughNumber }) => [firstNumber, throughNumber])).toEqual([
    [1, 2],
    [3, 3],
  ]);
});

it('begins at the watermark when it is started again', async () => {
  await send('1');
  drainWith(drainHere(world.store)).start();
  await untilStored(1);
  await worker.stop();
  await send('2');
  drainWith(drainHere(world.store)).start();
  await untilStored(2);
  expect(world.store.writes).toEqual([[1], [2]]);
});

it('stores nothing while the log is changed, and goes on with what the change has left', async () => {
  await send('1');
  drainWith(drainHere(world.store)).start();
  await untilStored(1);
  const writes = await worker.whileStopped(async () => {
    await send('2');
    worker.advance(2);
    return world.store.writes.length;
  });
  await untilStored(2);
  expect(writes).toBe(1);
  expect(world.store.writes).toEqual([[1], [2]]);
});

it('is started again when it ended by itself', async () => {
  await send('1');
  let runs = 0;
  drainWith((settings, place) => {
    runs++;
    if (runs > 1) return drainHere(world.store)(settings, place);
    place.onFailure(new Error('the drain has crashed'));
    return { ended: Promise.resolve(), advance: () => undefined, stop: () => undefined, cutOff: async () => undefined };
  }).start();
  await Promise.resolve();
  expect(worker.status).toMatchObject({ state: 'waiting' });
  await untilStored(1);
  expect({ runs, state: worker.status.state }).toEqual({ runs: 2, state: 'running' });
});
