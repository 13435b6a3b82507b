import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api';
import { loggedBatch } from '@hindcast/testing';
import { jest } from '@jest/globals';
import type { SqlQuestion } from './index.js';
import { readRows } from './sql-questions.js';
import { batchOf, hundredInstruments, startUs, StoreWorld, trades } from './store.fixture.js';

const spy = { market: 'usa/equity', symbol: 'SPY' };
const made = { market: 'simulated/spot', symbol: 'BTC-USDT' };

let world: StoreWorld;
afterEach(() => world.remove());

const limits = { rowsMax: 1_000, timeMaxMs: 60_000 };
const ask = (text: string, more: Partial<SqlQuestion> = {}) => world.store.sql({ id: 'q', text, ...limits, ...more });

async function twoInstruments(): Promise<void> {
  world = await StoreWorld.create();
  const rows = [
    { price: 10, size: 1 },
    { price: 14, size: 2, side: 'S' as const },
    { price: 12, size: 3, timeUs: startUs + 61_000_000 },
  ];
  await world.store.writeTicks([loggedBatch({ number: 1, trades: [...trades(spy, rows), ...trades(made, rows.slice(0, 1))] })]);
}

describe('questions in SQL', () => {
  it('are answered over the files of all instruments, with their symbols and markets', async () => {
    await twoInstruments();
    const answer = await ask(
      'SELECT market, symbol, count(*) AS n, max(timestamp) AS newest, sum(size) AS size FROM trades GROUP BY ALL ORDER BY n',
    );
    expect(answer).toEqual({
      columns: [
        { name: 'market', type: 'VARCHAR' },
        { name: 'symbol', type: 'VARCHAR' },
        { name: 'n', type: 'BIGINT' },
        { name: 'newest', type: 'TIMESTAMP' },
        { name: 'size', type: 'DOUBLE' },
      ],
      rows: [
        ['simulated/spot', 'BTC-USDT', 1, '2013-10-07T13:30:00Z', 1],
        ['usa/equity', 'SPY', 3, '2013-10-07T13:31:01Z', 6],
      ],
      isCut: false,
      instruments: 2,
    });
    expect((await ask('SELECT DISTINCT symbol FROM trades', { symbols: ['SPY'] })).rows).toEqual([['SPY']]);
    expect((await ask('SELECT DISTINCT symbol FROM trades', { market: 'simulated/spot' })).rows).toEqual([['BTC-USDT']]);
  });

  it('know bars of a minute, states and quotes, and names of their own', async () => {
    await twoInstruments();
    const bars = await ask(
      `WITH spy AS (FROM bars_1m WHERE symbol = 'SPY') SELECT open, high, low, close, volume, vwap, buy_volume, sell_volume, trades FROM spy ORDER BY timestamp`,
    );
    expect(bars.rows).toEqual([
      [10, 14, 10, 14, 3, 38 / 3, 1, 2, 2],
      [12, 12, 12, 12, 3, 12, 3, 0, 1],
    ]);
    expect((await ask('SELECT count(*) FROM market_states, quotes')).rows).toEqual([[0]]);
    expect((await ask('DESCRIBE quotes')).rows.map(([name]) => name)).toContain('bid_size');
    expect((await ask('WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT sum(n) FROM r')).rows).toEqual([
      [15],
    ]);
  });

  it('are answered where nothing was ever stored', async () => {
    world = await StoreWorld.create();
    for (const table of ['trades', 'quotes', 'bars_1m', 'market_states']) expect((await ask(`FROM ${table}`)).rows).toEqual([]);
  });

  it('give no more rows than they may, and say so', async () => {
    await twoInstruments();
    expect(await ask('FROM range(10)', { rowsMax: 4 })).toMatchObject({ rows: [[0], [1], [2], [3]], isCut: true });
    expect(await ask('FROM range(4)', { rowsMax: 4 })).toMatchObject({ isCut: false });
  });

  it('may compute, compare, aggregate and look about', async () => {
    await twoInstruments();
    const answer = await ask(
      `WITH spread AS (SELECT *, ln(price) - lag(ln(price)) OVER (PARTITION BY symbol ORDER BY timestamp) AS change FROM trades t WHERE symbol LIKE 'S%')
       SELECT upper(symbol) AS name, time_bucket(INTERVAL 1 hour, timestamp) AS hour, quantile_cont(price, [0.0, 1.0]) AS ends,
              stddev_samp(change) > 0 AS moves, count(*) FILTER (price > 10) AS n, sum(price * size) / sum(size) AS vwap,
              strftime(min(timestamp), '%H:%M') AS first
       FROM spread GROUP BY ALL`,
    );
    expect(answer.rows).toEqual([['SPY', '2013-10-07T13:00:00Z', [10, 14], true, 2, 74 / 6, '13:30']]);
  });
});

it.each([
  ['INSERT INTO trades VALUES (1)'],
  ['DELETE FROM trade_rows'],
  ['CREATE TABLE t (a INT)'],
  ['DROP VIEW trades'],
  ["ATTACH 'other.duckdb'"],
  ["COPY trades TO 'out.csv'"],
  ['PRAGMA database_list'],
  ['CALL checkpoint()'],
  ["SET memory_limit = '1GB'"],
  ['INSTALL httpfs'],
  ['SELECT 1; SELECT 2'],
  ['EXPLAIN ANALYZE SELECT 1'],
  ['SHOW TABLES'],
  ['SHOW ALL TABLES'],
  ['SELECT * FROM file_1.trades'],
  ['SELECT * FROM memory.main.trades'],
  ['SELECT * FROM information_schema.tables'],
  ['SELECT * FROM duckdb_settings()'],
  ['SELECT * FROM pragma_database_list'],
  ['SELECT * FROM sqlite_master'],
  ["SELECT * FROM '/etc/passwd'"],
  ["SELECT * FROM read_text('/etc/passwd')"],
  ["SELECT * FROM glob('/*')"],
  ["SELECT * FROM query('SELECT 1')"],
  ["SELECT * FROM checkpoint('file_1')"],
  ["SELECT current_setting('temp_directory')"],
  ['SELECT sleep_ms(1)'],
  ["SELECT write_log('x')"],
  ["SELECT nextval('s')"],
  ['SELECT main.pg_get_viewdef(1)'],
  ['SELECT a FROM (WITH duckdb_tables AS (SELECT 1 AS a) FROM duckdb_tables)'],
  [`WITH "/etc/passwd" AS (SELECT 1) SELECT 2`],
  ['WITH x AS (WITH trade_rows AS (SELECT 1) FROM trade_rows) SELECT * FROM x, words'],
  ['SELECT nothing FROM trades'],
  ['selec 1'],
  [''],
  ['SELECT 1 -- \0'],
])('refuses %s, and goes on', async (text) => {
  await twoInstruments();
  await expect(ask(text)).rejects.toMatchObject({ code: 'SQL_INVALID' });
  expect((await ask('SELECT count(*) FROM trades')).rows).toEqual([[4]]);
});

it.each([
  ['a list out of a number', 'SELECT len(range(50_000_000))', 'the function range'],
  ['a text out of a number', "SELECT repeat('x', 1_000_000) FROM range(500)", 'the function repeat'],
  ['larger than the process', "SELECT repeat('x', 10_000_000) FROM range(2048)", 'the function repeat'],
  ['an argument in FROM', 'SELECT * FROM range(len(range(50_000_000)))', 'the function range'],
  ['what joins', "SELECT 'x' || symbol FROM trades", 'the function ||'],
  ['what collects', 'SELECT string_agg(symbol) FROM trades', 'the function string_agg'],
  ['a cast to many items', 'SELECT NULL::INTEGER[100000] FROM range(2048)', 'fixed number of items'],
  ['lists of lists', 'WITH a AS (SELECT 1 AS s), b AS (SELECT [s, s] AS s FROM a) FROM b', 'a list is of constants'],
  ['stars', `SELECT ${'*, '.repeat(6)} * FROM trades`, '6 stars at most'],
  ['tables', `SELECT 1 FROM ${'trades, '.repeat(12)} trades`, '12 tables at most'],
  ['rows of rows', `WITH a AS (SELECT 1) SELECT ${'a, '.repeat(8)} a FROM a`, '8 rows at most'],
  ['functions', `SELECT ${'1 + 1, '.repeat(300)} 1 + 1`, '300 functions at most'],
  ['a function of all columns', 'SELECT upper(COLUMNS(*)) FROM trades', 'COLUMNS is not answered'],
  ['groupings', 'SELECT 1 FROM bars_1m GROUP BY CUBE (open, high, low, close, vwap, symbol, market)', '64 groupings at most'],
  ['a long constant', `SELECT '${'x'.repeat(257)}'`, '256 characters at most'],
  ['a long question', `SELECT 1 ${' '.repeat(10_000)}`, '10000 characters at most'],
])('refuses what grows beyond its input: %s', async (_name, text, words) => {
  await twoInstruments();
  await expect(ask(text)).rejects.toMatchObject({ code: 'SQL_INVALID', message: expect.stringContaining(words) });
});

it('the store opens and writes nothing outside its folder, also where the words of a question were let through', async () => {
  world = await StoreWorld.create();
  // What no question reaches, because its parse is held to a list: the second wall, which DuckDB itself is.
  const { EmbeddedDatabase } = await import('./embedded-database.js');
  const dir = await mkdtemp(join(tmpdir(), 'hindcast-lockdown-'));
  const database = await EmbeddedDatabase.open({ dir, memoryBytesMax: 100_000_000, walBytesMax: 1_000_000 });
  const connection = await database.connect();
  for (const statement of [
    "SELECT * FROM read_text('/etc/hostname')",
    `COPY (SELECT 1) TO '${join(tmpdir(), 'hindcast-out.csv')}'`,
    `ATTACH '${join(tmpdir(), 'hindcast-out.duckdb')}'`,
    "SET memory_limit = '1GB'",
    'SET enable_external_access = true',
    'LOAD httpfs',
  ])
    await expect(connection.run(statement)).rejects.toThrow(/disabled|locked|cannot be loaded/i);
  connection.closeSync();
  database.close();
  await rm(dir, { recursive: true });
});

it('an instrument may lie on another disk, behind a link', async () => {
  world = await StoreWorld.create();
  const elsewhere = await mkdtemp(join(tmpdir(), 'hindcast-disk-'));
  await mkdir(join(world.dir, 'usa'));
  await symlink(elsewhere, join(world.dir, 'usa', 'equity'));
  await writeFile(join(elsewhere, 'README'), 'another disk');
  await world.reopen();
  await world.store.writeTicks([batchOf(1, [spy], 10)]);
  expect((await ask('SELECT count(*) FROM trades')).rows).toEqual([[10]]);
  expect(await readdir(join(elsewhere, 'SPY'))).toContain('trading.duckdb');
  await rm(elsewhere, { recursive: true });
});

it('no more rows are converted than an answer holds', async () => {
  world = await StoreWorld.create();
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const converted = jest.spyOn(DuckDBDataChunk.prototype, 'convertRowValues');
  const answer = await readRows(await connection.stream("SELECT repeat('x', 5_000_000) FROM range(20)"), 1_000);
  expect([answer.rows.length, answer.isCut]).toEqual([3, true]);
  expect(converted).toHaveBeenCalledTimes(4);
  converted.mockRestore();
  connection.closeSync();
  instance.closeSync();
});

describe('a question that is too much', () => {
  it.each(['median(range)', 'quantile_cont(range, 0.3)', 'mode(range)'])(
    'ends when it makes the process grow beyond its bound: %s of a billion',
    async (gathering) => {
      world = await StoreWorld.create({ memoryBytesMax: 64_000_000 });
      await expect(ask(`SELECT ${gathering} FROM range(1_000_000_000)`)).rejects.toMatchObject({
        code: 'SQL_TOO_HEAVY',
        message: expect.stringContaining('grow by more than 128 MB') as string,
      });
      expect((await ask('SELECT median(range) FROM range(1_000)')).rows).toEqual([[499.5]]);
    },
  );

  const heavy = 'SELECT count(*) FROM range(1_000_000) a, range(1_000_000) b WHERE (a.range * b.range) % 7 = 3';

  it('ends when its time is over, when it is called off before its files are open, and one is answered at a time', async () => {
    await twoInstruments();
    await expect(ask(heavy, { timeMaxMs: 100 })).rejects.toMatchObject({ code: 'SQL_TOO_HEAVY' });
    const asked = ask(heavy, { id: 'a' });
    const ended = expect(asked).rejects.toMatchObject({ code: 'CALL_CANCELLED' });
    await expect(ask('SELECT 1')).rejects.toMatchObject({ code: 'READS_FULL' });
    world.store.cancelSql('another');
    world.store.cancelSql('a');
    await ended;
    expect((await ask('SELECT 1 AS one')).rows).toEqual([[1]]);
  });

  it('keeps no write waiting, and takes no file from whoever uses it', async () => {
    world = await StoreWorld.create({ attachedMax: 8 });
    const [few, others] = [hundredInstruments.slice(0, 4), hundredInstruments.slice(4, 24)];
    await world.store.writeTicks([batchOf(1, few, 20)]);
    const asked = ask(`SELECT count(*) FROM trades, range(100_000) a, range(100_000) b WHERE (a.range * b.range) % 7 = sequence % 7`, {
      id: 'a',
      symbols: few.map(({ symbol }) => symbol),
    });
    const ended = expect(asked).rejects.toMatchObject({ code: 'CALL_CANCELLED' });
    for (let number = 2; number < 12; number++) await world.store.writeTicks([batchOf(number, others, 20)]);
    world.store.cancelSql('a');
    await ended;
    await expect(ask('SELECT 1')).rejects.toMatchObject({ code: 'FIELD_INVALID', message: expect.stringContaining('24 instruments') });
    const [one, ...rest] = others;
    expect((await ask('SELECT count(*) FROM trades', { symbols: [one.symbol] })).rows).toEqual([[200]]);
    expect(rest).toHaveLength(19);
  });
});
