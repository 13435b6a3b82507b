/**
 * Recorded days brought in by `hindcast import` to the one process: exact by the files themselves, nothing new the second
 * time, out and in again by `hindcast export`, the same bits as a stack's, and after kills.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { whyNoLeanData, whyNoQuestDb, whyNoRedis } from '@hindcast/testing';
import { ensureModel } from '../model/fetch-model.mjs';
import { cacheFolder } from '../servers/cache-folder.mjs';
import { firstDifference } from './contents.mjs';
import { HindcastUnderTest } from './hindcast-under-test.mjs';
import { barsOf, recordedTrades } from './recorded-days.mjs';
import { firstDay, replayOf, symbols, variables } from './scenes.mjs';
import { servedCounts, servedRows } from './served-contents.mjs';
import { StandaloneUnderTest } from './standalone-under-test.mjs';
import { KeptContents } from './torture/kept-contents.mjs';
import { recordedCounts } from './torture/recorded-counts.mjs';
import { importOf, playStandaloneKills, servedReaders } from './torture/standalone-kills.mjs';

jest.setTimeout(600_000);
const reason = whyNoLeanData() ?? (await ensureModel({ cacheDir: cacheFolder(process.env) })).missing;
const describeHere = reason === undefined ? describe : describe.skip;
const noServers = reason ?? whyNoQuestDb() ?? whyNoRedis();
const itWithServers = noServers === undefined ? it : it.skip;

const kinds = 'trades,quotes';
const importing = importOf({ symbols, days: [firstDay], kinds });
const minuteUs = 60_000_000;

/** What follows from the trades without rounding. */
function exactly({ startUs, open, high, low, close, volume, buy_volume: bought, sell_volume: sold, trades }) {
  return { startUs, open, high, low, close, volume, bought, sold, trades };
}

function recordedOf(recorded, cells) {
  return Object.entries(recorded).reduce((sum, [cell, count]) => sum + (cell.startsWith(cells) ? count : 0), 0);
}

describeHere(`files by hindcast import${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let standalone;
  let folder;
  let recorded;
  let rows;
  let kept;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hindcast-import-'));
    recorded = recordedCounts({ symbols, kinds: kinds.split(','), days: [firstDay] });
    rows = Object.values(recorded).reduce((sum, count) => sum + count, 0);
    kept = new KeptContents({ folder: join(folder, 'kept'), symbols, readers: servedReaders });
    standalone = await StandaloneUnderTest.start(variables);
  });
  afterAll(async () => {
    await standalone?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are exactly there, and a second import adds none', async () => {
    expect(await standalone.json(importing)).toMatchObject({ received: rows, accepted: rows, duplicate: 0, rejected: 0, late: 0 });
    expect(await servedCounts(standalone, symbols)).toEqual(recorded);
    await kept.keep(standalone);
    expect(await standalone.json(importing)).toMatchObject({ received: rows, accepted: 0, duplicate: rows });
    expect(await kept.faultsOf(standalone)).toEqual([]);
  });

  it('give the bars that follow from the files', async () => {
    for (const symbol of symbols) {
      const expected = barsOf(recordedTrades(symbol, [firstDay.replaceAll('-', '')]), minuteUs);
      const { bars } = await (await fetch(`${standalone.url}/v1/bars?symbol=${symbol}&limit=10000`)).json();
      expect(bars.map(({ timestamp, ...bar }) => exactly({ startUs: Date.parse(timestamp) * 1_000, ...bar }))).toEqual(
        expected.map(exactly),
      );
      bars.forEach(({ vwap }, at) => expect(vwap).toBeCloseTo(expected[at].vwap, 9));
    }
  });

  it('go out in each format and in again, the same rows', async () => {
    const exports = [
      ['trades', 'AIG', 'parquet'],
      ['trades', 'IBM', 'csv'],
      ['quotes', 'IBM', 'arrow'],
    ];
    const files = [];
    for (const [table, symbol, format] of exports) {
      const file = join(folder, `${table}-${symbol}.${format}`);
      const { rows: exported } = await standalone.json(['export', table, '--symbol', symbol, '--format', format, '--out', file]);
      expect(exported).toBe(recordedOf(recorded, `${table} ${symbol} `));
      files.push(file);
    }
    const other = await StandaloneUnderTest.start(variables);
    try {
      expect(await other.json(['import', ...files, '--yes'])).toMatchObject({ received: rows, accepted: rows, rejected: 0 });
      for (const [table, symbol] of exports) {
        expect(
          firstDifference(await servedRows(other, table, { symbol }), await servedRows(standalone, table, { symbol })),
        ).toBeUndefined();
      }
    } finally {
      await other.dispose();
    }
  });

  it('are the same after the process was killed three times', async () => {
    const world = { symbols, seed: 11, kills: 3, rows, recorded, kept, replay: importing, variables, say: () => undefined };
    expect(await playStandaloneKills(world)).toEqual([]);
  });

  itWithServers(`are bit for bit what a stack makes of them${noServers === undefined ? '' : ` (skipped: ${noServers})`}`, async () => {
    const stack = await HindcastUnderTest.create(variables);
    try {
      await stack.startDetached();
      await stack.json(replayOf({ from: firstDay, kinds }));
      for (const table of ['states', 'trades', 'quotes']) {
        for (const symbol of symbols) {
          const [here, there] = [await servedRows(standalone, table, { symbol }), await servedRows(stack, table, { symbol })];
          expect(firstDifference(here, there)).toBeUndefined();
        }
      }
    } finally {
      expect(await stack.dispose()).toEqual([]);
    }
  });
});
