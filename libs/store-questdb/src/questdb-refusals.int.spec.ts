import { rowName } from '@hindcast/ports';
import { describeWithServers, loggedBatch, someQuotes, someTrades, tradesOf, until } from '@hindcast/testing';
import { migrationsDirectory } from './migrations-directory.js';
import { QuestDbMigrator, QuestDbTickStore } from './index.js';

const boundMs = 60_000;
const instrument = { market: 'usa/equity', symbol: 'SPY' };
const [trade] = someTrades(instrument, 1);
const [quote] = someQuotes(instrument, 1);
/** The server takes no time before 1970; admission lets none through, so here stands for anything that it might. */
const unacceptable = { timeUs: -1 };

// SUSPEND WAL, which stands for a full disk, is a statement of the server's development mode.
describeWithServers('QuestDbTickStore, refused', { questDb: { settings: { 'dev.mode.enabled': 'true' } } }, (servers) => {
  let store: QuestDbTickStore;

  beforeAll(async () => {
    const migrator = new QuestDbMigrator({ url: servers.questDb.url, directory: migrationsDirectory });
    await migrator.up();
    await migrator.close();
  });

  beforeEach(() => {
    store = new QuestDbTickStore({ url: servers.questDb.url });
  });

  afterEach(() => store.close());

  const rowsIn = async (table: string): Promise<number> => Number((await servers.questDb.query(`SELECT count() FROM ${table}`))[0][0]);

  it(
    'names the row that was refused, writes nothing of its request, and takes the rest without it',
    async () => {
      const batches = [
        loggedBatch({ number: 1, trades: [trade, trade, trade] }),
        loggedBatch({ number: 2, trades: [trade], quotes: [quote, { ...quote, ...unacceptable }, quote] }),
        loggedBatch({ number: 3, trades: [{ ...trade, ...unacceptable }, trade] }),
      ];
      const skip = new Set([rowName('trades', 65_537)]);
      const first = await store.writeTicks(batches, { skip });
      expect(first).toMatchObject({ kind: 'refused', table: 'quotes', sequence: 131_074 });
      skip.add(rowName('quotes', 131_074));
      expect(await store.writeTicks(batches, { skip })).toMatchObject({ kind: 'refused', table: 'trades', sequence: 196_608 });
      expect([await rowsIn('trades'), await rowsIn('quotes')]).toEqual([0, 0]);
      skip.add(rowName('trades', 196_608));
      expect(await store.writeTicks(batches, { skip })).toEqual({ kind: 'written', rows: 6 });
      await until(() => store.areVisible(batches, { skip }));
      expect([await rowsIn('trades'), await rowsIn('quotes')]).toEqual([4, 2]);
    },
    boundMs,
  );

  it(
    'names a refused row whatever the texts before it hold',
    async () => {
      const odd = loggedBatch({
        number: 5,
        trades: [{ ...trade, id: 'a\nb\\', conditions: '"x, y=\nz' }, trade, { ...trade, ...unacceptable }],
      });
      expect(await store.writeTicks([odd])).toMatchObject({ kind: 'refused', table: 'trades', sequence: 5 * 65_536 + 2 });
    },
    boundMs,
  );

  it(
    'takes texts that look like SQL as texts',
    async () => {
      const batch = loggedBatch({
        number: 6,
        rejected: [{ table: 'trades', code: 'ROW_INVALID', field: '', message: "it's", text: "'; DROP TABLE trades; --" }],
      });
      const options = { streamId: "a'b\\" };
      await store.writeTicks([batch], options);
      await until(() => store.areVisible([batch], options));
      expect(
        await servers.questDb.query('SELECT stream_id, sequence, kind, code, field, message, text, source FROM rejected_ticks'),
      ).toEqual([["a'b\\", 6 * 65_536, 'trades', 'ROW_INVALID', null, "it's", "'; DROP TABLE trades; --", 'test']]);
    },
    boundMs,
  );

  it(
    'shows nothing of a suspended table, says so, and shows it all once it is resumed',
    async () => {
      await servers.questDb.query('ALTER TABLE trades SUSPEND WAL');
      await servers.questDb.query('ALTER MATERIALIZED VIEW bars_1m SUSPEND WAL');
      // QuestDB lists them in its own time.
      await until(async () => (await store.health()).suspendedTables.length === 2);
      const batch = loggedBatch({ number: 7, trades: [trade], quotes: [quote] });
      expect(await store.writeTicks([batch])).toEqual({ kind: 'written', rows: 2 });
      await until(() => store.areVisible([{ ...batch, trades: loggedBatch({ number: 7 }).trades }]));
      expect(await store.areVisible([batch])).toBe(false);
      expect((await store.health()).suspendedTables.toSorted()).toEqual(['bars_1m', 'trades']);
      await expect(store.highestSequence()).rejects.toMatchObject({ code: 'STORE_NOT_READY' });
      expect((await store.resumeSuspended()).toSorted()).toEqual(['bars_1m', 'trades']);
      await until(() => store.areVisible([batch]));
      await until(async () => (await store.health()).suspendedTables.length === 0);
      expect(await store.highestSequence()).toBe(7 * 65_536 + 1);
      expect(await store.resumeSuspended()).toEqual([]);
    },
    boundMs,
  );

  it(
    'says which table is missing, before the first write and after it, and creates none',
    async () => {
      const batch = loggedBatch({ number: 8, quotes: [quote] });
      await store.writeTicks([batch]);
      await until(() => store.areVisible([batch]));
      await servers.questDb.query('RENAME TABLE quotes TO quotes_elsewhere');
      const newcomer = new QuestDbTickStore({ url: servers.questDb.url });
      await expect(store.writeTicks([batch])).rejects.toMatchObject({ code: 'SCHEMA_MISSING' });
      await expect(newcomer.writeTicks([batch])).rejects.toMatchObject({
        code: 'SCHEMA_MISSING',
        message: expect.stringContaining('quotes') as string,
      });
      await expect(store.counts()).rejects.toMatchObject({ code: 'SCHEMA_MISSING' });
      expect(await store.health()).toMatchObject({ up: true, missingTables: ['quotes'] });
      await servers.questDb.query('RENAME TABLE quotes_elsewhere TO quotes');
      expect(await newcomer.writeTicks([batch])).toEqual({ kind: 'written', rows: 1 });
      await newcomer.close();
    },
    boundMs,
  );

  it('passes on what the server says about a statement', async () => {
    await expect(tradesOf(store, { ...instrument, symbol: 'a\0b' })).rejects.toThrow(RangeError);
    const version = (await store.health()).version;
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
