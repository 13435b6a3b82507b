import { setImmediate as turn } from 'node:timers/promises';
import { HindcastError } from '@hindcast/contracts';
import { decodeLoggedBatch, sequenceOf, type LoggedBatch } from '@hindcast/market';
import type { StoredProgress } from '@hindcast/ports';
import { logBatch, loggedBatch, tradeRowsOf } from '@hindcast/testing';
import { FakeTickStore } from '../fake-tick-store.fixture.js';
import { Drain, type DrainStatus } from './drain.js';

let store: FakeTickStore;
let batches: Map<number, LoggedBatch>;
let progress: StoredProgress[];
let statuses: DrainStatus[];
let waits: number[];
let abort: AbortController;

beforeEach(() => {
  store = new FakeTickStore();
  batches = new Map();
  progress = [];
  statuses = [];
  waits = [];
  abort = new AbortController();
});

function drain(
  limits: { readonly pieceRowsMax?: number; readonly quarantineRowsMax?: number; readonly pieceIntervalMs?: number } = {},
): Drain {
  return new Drain({
    streamId: 'stream',
    read: (number) => batches.get(number),
    writer: store,
    onProgress: (each) => progress.push(each),
    onStatus: (status) => statuses.push(status),
    wait: async (ms) => {
      waits.push(ms);
      await turn();
    },
    pieceRowsMax: 10,
    quarantineRowsMax: 2,
    nowMs: waited,
    pieceIntervalMs: 0,
    ...limits,
  });
}

function log(...numbers: readonly number[]): void {
  for (const number of numbers) batches.set(number, logBatch(number));
}

const waited = (): number => waits.reduce((sum, ms) => sum + ms, 0);

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** Runs until the store has shown everything up to `through`. */
async function drained(worker: Drain, through: number): Promise<void> {
  worker.advance(through);
  const running = worker.run(1, abort.signal);
  await until(() => progress.at(-1)?.throughNumber === through);
  abort.abort();
  await running;
}

const storedRows = (): number => progress.flatMap(({ stored }) => stored).reduce((sum, { rows }) => sum + rows, 0);

it('sends everything once, in order and in pieces, and counts what was seen', async () => {
  log(1, 2, 3, 4, 5);
  await drained(drain(), 5);
  expect(store.writes).toEqual([[1, 2], [3, 4], [5]]);
  expect(progress.map(({ throughNumber }) => throughNumber)).toEqual([2, 4, 5]);
  expect(storedRows()).toBe(25);
  expect([store.trade.size, store.quote.size]).toEqual([15, 10]);
  expect(statuses).toEqual([]);
});

it('sends a batch larger than a piece alone, and goes on when more is flushed', async () => {
  log(1, 2, 3);
  const worker = drain({ pieceRowsMax: 4 });
  worker.advance(1);
  const running = worker.run(1, abort.signal);
  await until(() => progress.length === 1);
  worker.advance(3);
  await until(() => progress.length === 3);
  abort.abort();
  await running;
  expect(store.writes).toEqual([[1], [2], [3]]);
});

it('lets what is flushed shortly after a piece wait for company, unless it fills the next one', async () => {
  log(1, 2, 3, 4, 5);
  const worker = drain({ pieceRowsMax: 15, pieceIntervalMs: 200 });
  worker.advance(1);
  const running = worker.run(1, abort.signal);
  await until(() => progress.length === 1);
  expect(waits).toEqual([]);
  // Less than half of a piece: it waits for all of the interval.
  worker.advance(2);
  await until(() => progress.length === 2);
  expect(waited()).toBe(200);
  worker.advance(5);
  await until(() => progress.length === 3);
  abort.abort();
  await running;
  expect(store.writes).toEqual([[1], [2], [3, 4, 5]]);
});

it('waits no longer than it takes to see that nothing more comes, where what waits is worth a commit', async () => {
  log(1, 2, 3);
  const worker = drain({ pieceRowsMax: 20, pieceIntervalMs: 200 });
  worker.advance(1);
  const running = worker.run(1, abort.signal);
  await until(() => progress.length === 1);
  worker.advance(2);
  await until(() => waited() === 100);
  worker.advance(3);
  await until(() => progress.length === 2);
  expect(waited()).toBe(120);
  abort.abort();
  await running;
  expect(store.writes).toEqual([[1], [2, 3]]);
});

it('waits for a store that is away, ever longer, and says so while it lasts', async () => {
  log(1);
  store.callsAway = 10;
  await drained(drain(), 1);
  expect(waits.slice(0, 10)).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000]);
  expect(statuses).toEqual([
    { state: 'waiting', detail: 'STORE_AWAY: the store is away' },
    { state: 'running', detail: '' },
  ]);
  expect(storedRows()).toBe(5);
});

it('counts nothing as stored before a SELECT has shown it, and resumes what may be suspended', async () => {
  log(1);
  store.pollsHidden = 60;
  const worker = drain();
  worker.advance(1);
  const running = worker.run(1, abort.signal);
  await until(() => store.pollsHidden < 5);
  expect(progress).toEqual([]);
  await until(() => progress.length === 1);
  abort.abort();
  await running;
  expect(store.resumed).toBe(1);
  expect(statuses).toEqual([
    { state: 'waiting', detail: expect.stringContaining('resumed trades') as string },
    { state: 'running', detail: '' },
  ]);
});

describe('rows that were acknowledged and are not shown', () => {
  it('are sent again when no table is suspended and half a minute has passed', async () => {
    log(1, 2, 3);
    store.suspended = [];
    store.writesLost = 1;
    await drained(drain(), 3);
    expect(store.writes).toEqual([[1, 2], [3], [1, 2]]);
    expect(progress.map(({ throughNumber }) => throughNumber)).toEqual([2, 3]);
    expect([storedRows(), store.trade.size]).toEqual([15, 9]);
    const waitedMs = waits.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThanOrEqual(30_000);
    expect(waitedMs).toBeLessThan(60_000);
    expect(statuses).toEqual([
      { state: 'waiting', detail: expect.stringContaining('no table is suspended') as string },
      { state: 'running', detail: '' },
    ]);
  });

  it('are sent again when their table was not what it must be: it may have kept less than it was sent', async () => {
    log(1);
    store.changedFor = 3;
    await drained(drain(), 1);
    expect(store.writes).toEqual([[1], [1], [1], [1]]);
    expect(statuses).toContainEqual({ state: 'stopped', detail: expect.stringContaining('SCHEMA_CHANGED') as string });
    expect(statuses.at(-1)).toEqual({ state: 'running', detail: '' });
  });

  it('are waited for while a table is suspended: it has them already', async () => {
    log(1);
    store.pollsHidden = 2_000;
    await drained(drain(), 1);
    expect(store.writes).toEqual([[1]]);
    expect(store.resumed).toBe(39);
  });
});

describe('a row that the store refuses', () => {
  it('is quarantined with its words and a copy of itself, and the others are stored', async () => {
    log(1, 2);
    const name = `trades:${sequenceOf(2, 1)}`;
    store.refuses = (row) => (row === name ? 'cast error' : undefined);
    await drained(drain(), 2);
    const [{ quarantined, stored }] = progress;
    expect(quarantined).toEqual([
      {
        table: 'trades',
        sequence: sequenceOf(2, 1),
        message: 'cast error',
        cell: { table: 'trades', market: 'usa/equity', symbol: 'SPY', day: 15_985 },
        body: expect.any(String) as string,
      },
    ]);
    expect(stored.reduce((sum, { rows }) => sum + rows, 0)).toBe(9);
    const alone = decodeLoggedBatch(Buffer.from(quarantined[0].body, 'base64'));
    expect(tradeRowsOf(alone.trades)).toEqual([tradeRowsOf(logBatch(2).trades)[1]]);
    expect([alone.number, alone.quotes.length, alone.rejected]).toEqual([2, 0, []]);
  });

  it('may be one of the rejected ones: it counts in no cell', async () => {
    const row = { table: 'trades' as const, code: 'PRICE_INVALID' as const, field: 'price', message: 'no', text: '{}' };
    batches.set(1, loggedBatch({ number: 1, rejected: [row, row] }));
    store.refuses = (name) => (name === `rejected_ticks:${sequenceOf(1, 1)}` ? 'too long' : undefined);
    await drained(drain(), 1);
    const [{ quarantined, stored }] = progress;
    expect(stored).toEqual([]);
    expect(quarantined).toMatchObject([{ table: 'rejected_ticks', sequence: sequenceOf(1, 1), message: 'too long' }]);
    expect(quarantined[0].cell).toBeUndefined();
    expect(decodeLoggedBatch(Buffer.from(quarantined[0].body, 'base64')).rejected).toEqual([{ ...row, position: 1 }]);
  });

  it('is a wrong schema where there are too many: nothing is quarantined, and it goes on once the store is right', async () => {
    log(1, 2, 3);
    store.refuses = (name) => (name.startsWith('trades') ? 'no such column' : undefined);
    const worker = drain();
    worker.advance(3);
    const running = worker.run(1, abort.signal);
    await until(() => waits.length > 3);
    expect(progress).toEqual([]);
    expect(statuses[0]).toEqual({
      state: 'stopped',
      detail: expect.stringMatching(/STORE_REFUSED: .*more than 2 rows.*no such column/) as string,
    });
    store.refuses = () => undefined;
    await until(() => progress.at(-1)?.throughNumber === 3);
    abort.abort();
    await running;
    expect(progress.flatMap(({ quarantined }) => quarantined)).toEqual([]);
    expect([storedRows(), statuses.at(-1)?.state]).toEqual([15, 'running']);
  });
});

it('ends when it is told to, also while the store is away, and starts again where it was', async () => {
  log(1, 2);
  store.callsAway = Infinity;
  const worker = drain();
  worker.advance(2);
  const running = worker.run(1, abort.signal);
  await until(() => waits.length > 2);
  abort.abort();
  await running;
  expect(progress).toEqual([]);
  store.callsAway = 0;
  abort = new AbortController();
  await drained(drain(), 2);
  expect(storedRows()).toBe(10);
});

describe('a fault of ours', () => {
  it('ends the drain at once where watching a piece meets it, and nothing after that piece is counted', async () => {
    log(1, 2, 3, 4, 5);
    const write = store.writeTicks.bind(store);
    store.writeTicks = (piece, options) => (piece[0].number === 5 ? new Promise(() => undefined) : write(piece, options));
    const areVisible = store.areVisible.bind(store);
    store.areVisible = async (piece, options) => {
      // Not before the third piece hangs in its request.
      if (piece[0].number === 1) await until(() => store.writes.length === 2);
      if (piece[0].number === 1) throw new TypeError('no such thing');
      return await areVisible(piece, options);
    };
    const worker = drain();
    worker.advance(5);
    await expect(worker.run(1, abort.signal)).rejects.toThrow('no such thing');
    expect(store.writes).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(progress).toEqual([]);
  });

  it('ends it where a piece is sent, and later pieces that the store has taken are not counted', async () => {
    log(1, 2, 3, 4);
    const write = store.writeTicks.bind(store);
    store.writeTicks = async (piece, options) => {
      if (piece[0].number === 3) return await write(piece, options);
      await until(() => store.writes.length === 1);
      return { kind: 'refused', table: 'trades', sequence: sequenceOf(9, 0), message: 'no' };
    };
    const worker = drain();
    worker.advance(4);
    await expect(worker.run(1, abort.signal)).rejects.toThrow(`${sequenceOf(9, 0)}, which is not in the piece`);
    expect(progress).toEqual([]);
  });
});

describe('pieces with troubles of their own', () => {
  const refused = (numbers: readonly number[]): void => {
    const write = store.writeTicks.bind(store);
    store.writeTicks = async (piece, options) => {
      if (numbers.includes(piece[0].number)) throw new HindcastError('SCHEMA_MISSING', 'there is no table trades');
      return await write(piece, options);
    };
  };

  it('make the worst of them the status: it does not change to and fro, and ends when its piece is through', async () => {
    log(1, 2, 3, 4);
    const wrong = [3];
    refused(wrong);
    store.pollsHidden = 300;
    const worker = drain();
    worker.advance(4);
    const running = worker.run(1, abort.signal);
    await until(() => progress.length === 1);
    expect(store.resumed).toBeGreaterThan(1);
    expect(statuses).toEqual([{ state: 'stopped', detail: 'SCHEMA_MISSING: there is no table trades' }]);
    wrong.pop();
    await until(() => progress.length === 2);
    expect(statuses.slice(1)).toEqual([{ state: 'running', detail: '' }]);
    abort.abort();
    await running;
  });

  it('go back to the lesser trouble where the worse one is over', async () => {
    log(1, 2, 3, 4);
    const wrong = [3];
    refused(wrong);
    store.pollsHidden = Infinity;
    const worker = drain();
    worker.advance(4);
    const running = worker.run(1, abort.signal);
    await until(() => store.resumed > 1);
    wrong.pop();
    await until(() => store.writes.length === 2 && statuses.at(-1)?.state === 'waiting');
    store.pollsHidden = 0;
    await until(() => progress.length === 2);
    expect(statuses.map(({ state }) => state)).toEqual(['stopped', 'waiting', 'running']);
    abort.abort();
    await running;
  });
});

it('crashes rather than waits for a flushed batch that is not there', async () => {
  log(1);
  const worker = drain();
  worker.advance(2);
  await expect(worker.run(1, abort.signal)).rejects.toThrow('batch 2 is flushed and cannot be read');
});
