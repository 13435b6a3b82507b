import { identityHashes, type TickBatch, type Verdict } from '@hindcast/market';
import { loggedBatch, type TradeRow } from '@hindcast/testing';
import { FakeTickStore } from '../fake-tick-store.fixture.js';
import { StoreLookup } from './store-lookup.js';

const hourUs = 3_600_000_000;
const startUs = 1_381_152_600_000_000 - (1_381_152_600_000_000 % hourUs);
let store: FakeTickStore;
let lookup: StoreLookup;
beforeEach(() => {
  store = new FakeTickStore();
  lookup = new StoreLookup(store);
});

function row(id: string, timeUs: number, also: Partial<TradeRow> = {}): Omit<TradeRow, 'sequence'> {
  return {
    market: 'usa/equity',
    symbol: 'SPY',
    timeUs,
    exchange: 'P',
    id,
    price: 100,
    size: 1,
    side: '',
    sideInferred: false,
    late: false,
    receivedAtUs: 1,
    source: 'test',
    conditions: '',
    ...also,
  };
}

const batchOf = (...rows: readonly Omit<TradeRow, 'sequence'>[]): TickBatch => loggedBatch({ number: 9, trades: rows });

async function record(...rows: readonly Omit<TradeRow, 'sequence'>[]): Promise<void> {
  await store.writeTicks([loggedBatch({ number: store.writes.length + 1, trades: rows })]);
}

async function verdicts(floorUs: number, ...rows: readonly Omit<TradeRow, 'sequence'>[]): Promise<Verdict[]> {
  const batch = batchOf(...rows);
  const found = await lookup.find(batch, () => floorUs);
  const { low, high } = identityHashes('trades', batch.trades);
  return rows.map((_, at) => found.trade(batch.trades, at, low[at], high[at]));
}

it('asks for nothing above the floor', async () => {
  await record(row('a', startUs));
  expect(await verdicts(startUs - 1, row('a', startUs))).toEqual(['new']);
  expect(await verdicts(-1, row('a', startUs))).toEqual(['new']);
  expect(store.reads).toBe(0);
});

it('settles rows at or below the floor by comparing them', async () => {
  await record(row('a', startUs, { side: 'B', sideInferred: true }), row('b', startUs), row('c', startUs), row('d', startUs));
  const rows = [
    row('a', startUs),
    row('b', startUs, { price: 101 }),
    row('c', startUs, { symbol: 'IBM' }),
    row('e', startUs),
    row('d', startUs, { side: 'B' }),
  ];
  expect(await verdicts(startUs, ...rows)).toEqual(['duplicate', 'conflict', 'new', 'new', 'conflict']);
});

it('reads each hour of an instrument once, the edges of hours and times without meaning included', async () => {
  await record(row('a', startUs + hourUs - 1), row('b', startUs + hourUs));
  const rows = [row('a', startUs + hourUs - 1), row('b', startUs + hourUs), row('x', startUs + 1), row('y', -1), row('z', NaN)];
  expect(await verdicts(Infinity, ...rows)).toEqual(['duplicate', 'duplicate', 'new', 'new', 'new']);
  expect(store.reads).toBe(2);
  await verdicts(Infinity, ...rows);
  expect(store.reads).toBe(2);
});

it('forgets the hours of an instrument that was trimmed, and of no other', async () => {
  await record(row('a', startUs));
  const ask = () => verdicts(startUs, row('a', startUs), row('n', startUs), row('n', startUs, { symbol: 'SPYX' }));
  expect(await ask()).toEqual(['duplicate', 'new', 'new']);
  await record(row('n', startUs), row('n', startUs, { symbol: 'SPYX' }));
  lookup.forget([{ table: 'trades', market: 'usa/equity', symbol: 'SPY' }]);
  expect(await ask()).toEqual(['duplicate', 'duplicate', 'new']);
  expect(store.reads).toBe(3);
});

it('says STORE_AWAY, and asks again the next time', async () => {
  await record(row('a', startUs));
  store.callsAway = 1;
  await expect(verdicts(startUs, row('a', startUs))).rejects.toMatchObject({ code: 'STORE_AWAY' });
  expect(await verdicts(startUs, row('a', startUs))).toEqual(['duplicate']);
});

it('reads an hour that two ask for at once, and remembers it once', async () => {
  await record(row('a', startUs));
  const asked = await Promise.all([verdicts(startUs, row('a', startUs)), verdicts(startUs, row('a', startUs))]);
  expect(asked).toEqual([['duplicate'], ['duplicate']]);
  expect(Reflect.get(lookup, 'rowsKept')).toBe(1);
});
