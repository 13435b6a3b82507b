import { jest } from '@jest/globals';
import { emptyBatch, IngestWorld, noonUs, nowUs, tradesBatch } from '../ingest-world.fixture.js';
import { silentLogger } from '../silent-logger.fixture.js';
import { TrimmerWorker } from './trimmer.worker.js';

let world: IngestWorld;
let timeUs: number;
beforeEach(async () => {
  world = await IngestWorld.create({ logRowsMax: 20 });
  timeUs = nowUs;
});
afterEach(() => world.remove());

function trimmer(also: { readonly logKeepRows?: number; readonly followers?: readonly string[] } = {}): TrimmerWorker {
  return new TrimmerWorker({
    ...world.parts,
    clock: { nowUs: () => timeUs },
    logger: silentLogger,
    logKeepRows: 0,
    logRowsMax: 20,
    followerStallMs: 1_000,
    followers: ['market-physics'],
    ...also,
  });
}

/** Batches of one trade each, from `from` to `to`. */
async function send(from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++) await world.send(tradesBatch([{ id: `n${number}`, timeUs: noonUs + number }]));
}

const report = (number: number) => world.log.reportCheckpoint({ streamId: world.log.streamId, follower: 'market-physics', number });

it('drops what the store and every follower are past, and no more than the log has too much', async () => {
  await send(1, 10);
  const keeps = trimmer({ logKeepRows: 4 });
  expect(await keeps.trim()).toBe(0);
  await world.drain();
  expect(await keeps.trim()).toBe(0);
  await report(3);
  expect(await keeps.trim()).toBe(3);
  await report(10);
  expect(await keeps.trim()).toBe(3);
  expect(world.log.position()).toMatchObject({ firstNumber: 7, headNumber: 10, rows: 4 });
  expect(world.log.recall().floors).toEqual([{ table: 'trades', market: 'usa/equity', symbol: 'SPY', floorUs: noonUs + 6 }]);
  expect((await world.log.beginning()).clocks).toEqual([{ market: 'usa/equity', symbol: 'SPY', timeUs: noonUs + 6 }]);
});

it('asks the store for what it dropped: a resend stays a duplicate', async () => {
  await send(1, 6);
  await world.drain();
  await trimmer({ followers: [] }).trim();
  const again = await world.send(
    tradesBatch([
      { id: 'n2', timeUs: noonUs + 2 },
      { id: 'n3', timeUs: noonUs + 3, price: 5 },
      { id: 'new', timeUs: noonUs + 3 },
    ]),
  );
  expect(again.counts.trades).toMatchObject({ duplicate: 1, rejected: 1, accepted: 1 });
});

it('trims in a later round what a full disk did not let it: what was forgotten is not forgotten again', async () => {
  await send(1, 6);
  await world.drain();
  const trim = jest.spyOn(world.log, 'trim').mockRejectedValueOnce(new Error('no space left'));
  const trims = trimmer({ followers: [], logKeepRows: 2 });
  await expect(trims.trim()).rejects.toThrow('no space left');
  await send(7, 8);
  await world.drain();
  expect(await trims.trim()).toBe(6);
  expect(trim).toHaveBeenCalledTimes(2);
  const again = await world.send(tradesBatch(Array.from({ length: 8 }, (_, n) => ({ id: `n${n + 1}`, timeUs: noonUs + n + 1 }))));
  expect(again.counts.trades).toMatchObject({ duplicate: 8, accepted: 0 });
});

it('has marks count like rows: a door that sends nothing else fills the log, and trimming makes room again', async () => {
  const mark = (number: number) => ({ ...emptyBatch, marks: [{ market: 'usa/equity', symbol: 'SPY', timeUs: noonUs + number }] });
  for (let number = 1; number <= 20; number++) await world.send(mark(number));
  expect(world.log.position()).toMatchObject({ headNumber: 20, rows: 20 });
  await expect(world.send(mark(21))).rejects.toMatchObject({ code: 'LOG_FULL' });
  await world.drain();
  expect(await trimmer({ followers: [], logKeepRows: 5 }).trim()).toBe(15);
  expect(world.log.position()).toMatchObject({ firstNumber: 16, rows: 5 });
  await world.send(mark(21));
  expect(world.log.recall().totals.trades).toMatchObject({ received: 0, accepted: 0 });
  await world.drain();
  await trimmer({ followers: [] }).trim();
  expect(world.log.position()).toMatchObject({ firstNumber: 22, rows: 0 });
});

it('waits while a look-up is under way', async () => {
  await send(1, 6);
  await world.drain();
  const mayAnswer = Promise.withResolvers<void>();
  const find = world.lookup.find.bind(world.lookup);
  world.lookup.find = async (...args) => {
    await mayAnswer.promise;
    return find(...args);
  };
  const asking = world.send(tradesBatch([{ id: 'n2', timeUs: noonUs + 2 }]));
  expect(await trimmer({ followers: [] }).trim()).toBe(0);
  mayAnswer.resolve();
  expect((await asking).counts.trades.duplicate).toBe(1);
  expect(await trimmer({ followers: [] }).trim()).toBe(6);
});

describe('a follower that makes no progress', () => {
  it('is cut off only while the log is full, and welcome again', async () => {
    await send(1, 10);
    await world.drain();
    await report(2);
    const worker = trimmer();
    expect(await worker.trim()).toBe(2);
    timeUs += 5_000_000;
    expect(await worker.trim()).toBe(0);
    await send(11, 20);
    await world.drain();
    expect(await worker.trim()).toBe(18);
    expect([...worker.cut]).toEqual(['market-physics']);
    await report(20);
    await worker.trim();
    expect([...worker.cut]).toEqual([]);
  });

  it('and never reported keeps the log for as long as one that did', async () => {
    await send(1, 20);
    await world.drain();
    const worker = trimmer();
    expect(await worker.trim()).toBe(0);
    timeUs += 999_000;
    expect(await worker.trim()).toBe(0);
    timeUs += 2_000;
    expect(await worker.trim()).toBe(20);
  });

  it('because it has nothing to do is not cut off, and has its time when there is something again', async () => {
    await send(1, 19);
    await report(19);
    const worker = trimmer();
    expect(await worker.trim()).toBe(0);
    timeUs += 60_000_000;
    expect(await worker.trim()).toBe(0);
    await send(20, 20);
    await world.drain();
    expect(await worker.trim()).toBe(19);
    expect([...worker.cut]).toEqual([]);
  });

  it('stays cut off over a restart, and does not hold the log for its time anew', async () => {
    await send(1, 20);
    await world.drain();
    await report(2);
    const worker = trimmer({ logKeepRows: 15 });
    await worker.trim();
    await send(21, 22);
    await world.drain();
    timeUs += 5_000_000;
    expect(await worker.trim()).toBe(5);
    await send(23, 27);
    await world.drain();
    const restarted = trimmer();
    expect([...restarted.cut]).toEqual(['market-physics']);
    expect(await restarted.trim()).toBe(20);
    await report(27);
    await send(28, 28);
    await world.drain();
    expect(await restarted.trim()).toBe(0);
    expect([...restarted.cut]).toEqual([]);
  });

  it('because it was forgotten and begins anew has its time from then on', async () => {
    const reportOutside = (number: number) => world.log.reportCheckpoint({ streamId: world.log.streamId, follower: 'outsider', number });
    await send(1, 20);
    await world.drain();
    await report(20);
    await reportOutside(10);
    const worker = trimmer();
    expect(await worker.trim()).toBe(10);
    await send(21, 30);
    await report(30);
    await world.drain();
    timeUs += 900_000;
    await world.log.forgetCheckpoint('outsider');
    await reportOutside(5);
    expect(await worker.trim()).toBe(0);
    timeUs += 900_000;
    expect(await worker.trim()).toBe(0);
    timeUs += 200_000;
    expect(await worker.trim()).toBe(20);
  });

  it('and is none of the deployment is forgotten, until it reports again', async () => {
    await send(1, 20);
    await world.drain();
    await report(20);
    const reportOutside = (number: number) => world.log.reportCheckpoint({ streamId: world.log.streamId, follower: 'outsider', number });
    await reportOutside(3);
    const worker = trimmer();
    expect(await worker.trim()).toBe(3);
    await send(21, 23);
    await report(23);
    await world.drain();
    timeUs += 5_000_000;
    expect(await worker.trim()).toBe(20);
    expect(world.log.progress().checkpoints.map(({ follower }) => follower)).toEqual(['market-physics']);
    await send(24, 25);
    await report(25);
    await world.drain();
    await reportOutside(24);
    expect(await worker.trim()).toBe(1);
  });
});
