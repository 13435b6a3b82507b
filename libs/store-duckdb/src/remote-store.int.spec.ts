import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { tickStoreConformance } from '@hindcast/testing';
import { RemoteTickStore, serveStore } from './index.js';
import { batchOf, everything, StoreWorld } from './store.fixture.js';

const spy = { market: 'usa/equity', symbol: 'SPY' };

let world: StoreWorld;
let remote: RemoteTickStore;

beforeAll(async () => {
  world = await StoreWorld.create();
  const { port1, port2 } = new MessageChannel();
  serveStore(world.store, port1);
  remote = new RemoteTickStore(port2);
});

afterAll(async () => {
  await remote.close();
  await world.remove();
});

describe('RemoteTickStore, as every tick store', () => tickStoreConformance(() => remote));

it('carries what a store says of its files, and what it drops', async () => {
  expect(await remote.statistics()).toEqual(world.store.statistics());
  expect(await remote.outages()).toEqual([]);
  expect(await remote.retain({ nowUs: 0, throughSequence: 0 })).toMatchObject({ trades: 0 });
});

it('ends the reading where its reader leaves', async () => {
  await remote.writeTicks([batchOf(90_000, [spy], 60_000)]);
  await expect(remote.newestTrades(spy, { late: false, limit: 0.5 })).rejects.toThrow('0.5 is not a whole number');
  for await (const piece of remote.trades(everything(spy))) {
    expect(piece.length).toBeLessThan(60_000);
    break;
  }
  expect(await world.store.areVisible([batchOf(90_000, [spy], 60_000)])).toBe(true);
});

it('says that the store is away when the thread that had it has ended', async () => {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker("require('node:worker_threads').workerData.port.on('message', () => process.exit())", {
    eval: true,
    workerData: { port: port1 },
    transferList: [port1],
  });
  const exit = once(worker, 'exit');
  const left = new RemoteTickStore(port2);
  await expect(left.counts()).rejects.toMatchObject({ code: 'STORE_AWAY' });
  await exit;
  await expect(left.counts()).rejects.toMatchObject({ code: 'STORE_AWAY' });
  expect(await left.health()).toMatchObject({ up: false });
});
