import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScratchDatabase } from '@hindcast/feeds';
import { componentIndex, momentFlags, parseHorizon, signatureSize, type MomentColumns } from '@hindcast/memory';
import { systemClock } from '@hindcast/ports';
import { leftOutText } from './file-admission.js';
import { recordedMoments, type RecordedMoments } from './recorded-moments.js';

let dir: string;
let scratch: ScratchDatabase;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'recorded-'));
  scratch = new ScratchDatabase(join(dir, 'scratch'));
});

afterEach(async () => {
  await scratch.close();
  await rm(dir, { recursive: true, force: true });
});

const header = 'timestamp,price,size,symbol,market,side';
const ticksADay = 3_600;

/** Two hours of each of these mornings, a tick every other second. */
function ticksOf(days: readonly string[], line: (time: string, price: number, i: number) => string): readonly string[] {
  return days.flatMap((day) =>
    Array.from({ length: ticksADay }, (_, i) => {
      const time = new Date(Date.parse(`${day}T13:30:00Z`) + 2_000 * i).toISOString();
      return line(time, 100 + Math.sin(i / 40) + 0.01 * ((i * 7) % 5), i);
    }),
  );
}

function tradesOf(days: readonly string[], side: (i: number) => string = () => ''): readonly string[] {
  return ticksOf(days, (time, price, i) => `${time},${price.toFixed(2)},${1 + (i % 3)},AAA,usa/equity,${side(i)}`);
}

function quotesOf(days: readonly string[], market: string): readonly string[] {
  const quotes = ticksOf(days, (time, price) => `${time},${(price - 0.02).toFixed(2)},5,${(price + 0.02).toFixed(2)},7,AAA,${market}`);
  return ['timestamp,bid,bid_size,ask,ask_size,symbol,market', ...quotes];
}

const days = ['2013-10-08', '2013-10-09'];
const asked = { symbols: ['AAA'], fromDay: days[0], toDay: days[1], stateIntervalMs: 60_000, horizons: [parseHorizon('5m')] };

/** Of files in a folder of their own. */
async function momentsOf(name: string, files: Readonly<Record<string, readonly string[]>>): Promise<RecordedMoments> {
  const data = join(dir, name);
  await mkdir(data);
  for (const [file, lines] of Object.entries(files)) await writeFile(join(data, file), [...lines, ''].join('\n'));
  return recordedMoments({ ...asked, data, scratch, clock: systemClock });
}

/** All there is to a moment, of one market. */
function rowsOf({ columns }: RecordedMoments, market: string): readonly object[] {
  const outcomes = columns.outcomes('5m')!;
  return placesOf(columns, market).map((row) => ({
    timeUs: columns.timeUs[row],
    level: [columns.logVolatility[row], columns.volumeRate[row]],
    mask: columns.mask[row],
    values: [...columns.values.subarray(row * signatureSize, (row + 1) * signatureSize)],
    flags: columns.flags[row],
    outcome: [outcomes.logReturn[row], outcomes.volatility[row], outcomes.volume[row], outcomes.knownAtUs[row]],
  }));
}

function placesOf({ length, instrument, instruments }: MomentColumns, market: string): readonly number[] {
  return Array.from({ length }, (_, row) => row).filter((row) => instruments[instrument[row]].market === market);
}

it('makes moments of any file that an import reads, of the days and symbols that are asked for', async () => {
  const { columns, leftOut } = await momentsOf('ticks', { 'ticks.csv': [header, ...tradesOf(['2013-10-07', ...days])] });
  // One a minute, from a quarter of an hour after the first trade on to the close.
  expect(new Set(columns.day.subarray(0, columns.length))).toEqual(new Set(days.map((day) => Date.parse(day) / 86_400_000)));
  expect(columns.length).toBeGreaterThan(2 * 100);
  expect(columns.instruments).toEqual([{ market: 'usa/equity', symbol: 'AAA' }]);
  expect(leftOutText(leftOut)).toBeUndefined();
  const other = { ...asked, symbols: ['BBB'], data: join(dir, 'ticks'), scratch, clock: systemClock };
  await expect(recordedMoments(other)).rejects.toThrow('--symbols BBB: ');
});

it('leaves out what an import would not let in: the rows of a file that is there twice, and prices of 0 and below', async () => {
  const trades = tradesOf(days);
  const invalid = ['0', '-5'].map((price, i) => `2013-10-08T14:30:0${i}.5Z,${price},1,AAA,usa/equity,`);
  const once = await momentsOf('once', { 'a.csv': [header, ...trades] });
  const twice = await momentsOf('twice', { 'a.csv': [header, ...trades], 'b.csv': [header, ...trades, ...invalid] });
  expect(rowsOf(twice, 'usa/equity')).toEqual(rowsOf(once, 'usa/equity'));
  expect(leftOutText(twice.leftOut)).toBe(`Rows left out, as an import would: 7,200 duplicate, 2 rejected (PRICE_INVALID)`);
});

it('takes quotes and given sides, and the middle of quotes where an instrument has no trades, whatever another of its symbol has', async () => {
  const trades = [header, ...tradesOf(days, (i) => (i % 4 === 0 ? 'S' : 'B'))];
  const [stock, coin] = ['usa/equity', 'binance/spot'].map((market) => quotesOf(days, market));
  const both = await momentsOf('both', { 'trades.csv': trades, 'stock.csv': stock, 'coin.csv': coin });
  const { columns } = both;
  const placesOfStock = placesOf(columns, 'usa/equity');
  const component = (row: number, name: Parameters<typeof componentIndex>[0]): number =>
    columns.values[row * signatureSize + componentIndex(name)];
  expect(placesOfStock.length).toBeGreaterThan(2 * 100);
  expect(placesOfStock.every((row) => (columns.flags[row] & momentFlags.inferredSides) === 0)).toBe(true);
  // While it trades: three of four volumes are bought, and of twelve shares on quote five are bid.
  for (const row of placesOfStock.filter((place) => columns.timeUs[place] <= Date.parse(`${days[0]}T15:30:00Z`) * 1_000)) {
    expect(component(row, 'imbalance_5m')).toBeCloseTo(0.5, 2);
    expect(component(row, 'quote_imbalance')).toBeCloseTo(-1 / 6, 6);
  }
  // Each as if the other were not there.
  expect(rowsOf(both, 'usa/equity')).toEqual(rowsOf(await momentsOf('stock', { 'trades.csv': trades, 'stock.csv': stock }), 'usa/equity'));
  const placesOfCoin = placesOf(columns, 'binance/spot');
  expect(placesOfCoin.length).toBeGreaterThan(2 * 100);
  expect(rowsOf(both, 'binance/spot')).toEqual(rowsOf(await momentsOf('coin', { 'coin.csv': coin }), 'binance/spot'));
});
