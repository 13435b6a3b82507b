import { setTimeout as delay } from 'node:timers/promises';
import { secondUs } from '@hindcast/contracts';
import { systemClock } from '@hindcast/ports';
import { describeWithServers, loggedBatch, type TradeRow } from '@hindcast/testing';
import { QuestDbMigrator, QuestDbTickStore } from './index.js';

const boundMs = 60_000;

/** The statements of `specs/001-polyglot-stores.md`, to the letter. */
const lastHour = `
SELECT
    symbol,
    avg(price) as vwap,
    sum(size) as volume
FROM trades
WHERE timestamp > dateadd('h', -1, now())
  AND symbol = 'SPY'
SAMPLE BY 1m;`;

const dailyReturns = `
SELECT
    date,
    close,
    (close - LAG(close) OVER (ORDER BY date)) / LAG(close) OVER (ORDER BY date) as return
FROM ohlcv_1d
WHERE symbol = 'SPY'
  AND date >= '2023-01-01'
ORDER BY date;`;

describeWithServers('the sample queries of 001', { questDb: true }, (servers) => {
  beforeAll(async () => {
    const migrator = new QuestDbMigrator({ url: servers.questDb.url });
    await migrator.up();
    await migrator.close();
  });

  it(
    'averages the last hour of trades by minute',
    async () => {
      const store = new QuestDbTickStore({ url: servers.questDb.url });
      // Ten seconds into the minute before this one: within the hour, and all in one minute.
      const timeUs = Math.floor(systemClock.nowUs() / (60 * secondUs)) * 60 * secondUs - 50 * secondUs;
      const trade = (symbol: string, price: number, ageUs: number): Omit<TradeRow, 'sequence'> => ({
        market: 'usa/equity',
        symbol,
        timeUs: timeUs - ageUs,
        exchange: 'P',
        id: '1',
        price,
        size: 100,
        side: 'B',
        sideInferred: false,
        late: false,
        receivedAtUs: timeUs,
        source: 'test',
        conditions: '',
      });
      const trades = [trade('SPY', 10, 0), trade('SPY', 20, secondUs), trade('IBM', 99, 0), trade('SPY', 99, 7_200 * secondUs)];
      const batch = loggedBatch({ number: 1, trades });
      await store.writeTicks([batch]);
      const signal = AbortSignal.timeout(boundMs / 2);
      while (!(await store.areVisible([batch]))) await delay(10, undefined, { signal });
      expect(await servers.questDb.query(lastHour)).toEqual([['SPY', 15, 200]]);
      await store.close();
    },
    boundMs,
  );

  it(
    'makes returns of daily closes',
    async () => {
      const days = [
        ['2022-12-30', 90],
        ['2023-01-03', 100],
        ['2023-01-04', 110],
        ['2023-01-05', 99],
      ] as const;
      for (const [day, close] of days) {
        await servers.questDb.query(
          `INSERT INTO ohlcv_1d (date, symbol, market, open, high, low, close, volume) VALUES ('${day}', 'SPY', 'usa/equity', 1, 1, 1, ${close}, 0.5)`,
        );
      }
      const signal = AbortSignal.timeout(boundMs / 2);
      while ((await servers.questDb.query('ohlcv_1d')).length < days.length) await delay(10, undefined, { signal });
      expect(await servers.questDb.query(dailyReturns)).toEqual([
        ['2023-01-03T00:00:00.000000Z', 100, null],
        ['2023-01-04T00:00:00.000000Z', 110, 0.1],
        ['2023-01-05T00:00:00.000000Z', 99, -0.1],
      ]);
    },
    boundMs,
  );
});
