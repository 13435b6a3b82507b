import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshInstrument } from '@hindcast/market';
import { noInheritance, type LogInheritance } from '@hindcast/ports';
import { batchContent, logBatch, logWrite, tickLogConformance } from '@hindcast/testing';
import { LmdbLogReader } from './lmdb-log-reader.js';
import { LmdbTickLog } from './lmdb-tick-log.js';
import { countersKey, openTables, type LogCounters } from './log-tables.js';

const clock = { nowUs: () => 1_700_000_000_000_000 };
const spyMark = (timeUs: number) => ({ market: 'usa/equity', symbol: 'SPY', timeUs });
const dirs: string[] = [];
const open: LmdbTickLog[] = [];

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tick-log-'));
  dirs.push(dir);
  return dir;
}

async function openLog(dir: string, inherit: () => Promise<LogInheritance> = () => Promise.resolve(noInheritance)): Promise<LmdbTickLog> {
  const log = await LmdbTickLog.open({ dir, clock, newStreamId: () => `stream-${dirs.length}`, inherit });
  open.push(log);
  return log;
}

afterEach(async () => {
  for (const log of open.splice(0)) await log.close();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

describe('the tick log on lmdb', () => {
  tickLogConformance(async () => {
    const dir = newDir();
    const log = await openLog(dir);
    return {
      log,
      reopen: async () => {
        await open.pop()?.close();
        return openLog(dir);
      },
    };
  });

  it('takes nothing that its disk has no room for, says so, and goes on when there is room', async () => {
    let free = 1e9;
    const inherit = () => Promise.resolve(noInheritance);
    const log = await LmdbTickLog.open({ dir: newDir(), clock, newStreamId: () => 'stream', inherit, freeBytes: () => free });
    open.push(log);
    await log.append(logWrite(1, [logBatch(1)]));
    free = 1_000_000;
    const full = {
      code: 'LOG_UNAVAILABLE',
      retry: true,
      message: expect.stringContaining('its disk has no room, 1000000 bytes') as string,
    };
    const both = await Promise.allSettled([log.append(logWrite(2, [logBatch(2)])), log.append(logWrite(3, [logBatch(3)]))]);
    expect(both).toMatchObject([{ reason: full }, { reason: { code: 'LOG_UNAVAILABLE' } }]);
    expect(log.failure).toMatchObject(full);
    expect(log.position()).toMatchObject({ headNumber: 1, serial: 1 });
    free = 1e9;
    await log.append(logWrite(2, [logBatch(2)]));
    expect(log.failure).toBeUndefined();
    expect(log.position()).toMatchObject({ headNumber: 2, serial: 2 });
  });

  it('shows flushed batches to a second reader, and those that were trimmed no more', async () => {
    const dir = newDir();
    const log = await openLog(dir);
    const reader = new LmdbLogReader({ dir });
    expect(reader.read(1)).toBeUndefined();
    for (let number = 1; number <= 20; number++) {
      await log.append(logWrite(number, [logBatch(number)]));
      expect(batchContent(reader.read(number)!)).toEqual(batchContent(logBatch(number)));
    }
    await log.trim({ throughNumber: 19, floors: [], clocks: [], rows: 95 });
    expect(reader.read(19)).toBeUndefined();
    expect(reader.read(20)?.number).toBe(20);
    await reader.close();
  });

  it('counts the marks in a log whose earlier version left them out, once', async () => {
    const dir = newDir();
    const log = await openLog(dir);
    const marks = [spyMark(1), spyMark(2)];
    for (let number = 1; number <= 2; number++) await log.append(logWrite(number, [{ ...logBatch(number), marks }]));
    expect(log.position().rows).toBe(14);
    await open.pop()?.close();
    const tables = openTables(dir, { readOnly: false });
    const { countsMarks, ...earlier } = tables.meta.get(countersKey) as LogCounters;
    expect(countsMarks).toBe(true);
    await tables.meta.put(countersKey, { ...earlier, rows: 10 });
    await tables.root.close();
    for (let opening = 0; opening < 2; opening++) {
      expect((await openLog(dir)).position()).toMatchObject({ headNumber: 2, rows: 14 });
      await open.pop()?.close();
    }
    const again = await openLog(dir);
    await again.trim({ throughNumber: 2, floors: [], clocks: [], rows: 14 });
    expect(again.position().rows).toBe(0);
  });

  it('takes over what a store has, once', async () => {
    const dir = newDir();
    const spy = { market: 'usa/equity', symbol: 'SPY' };
    const inheritance: LogInheritance = {
      firstNumber: 501,
      instruments: [{ ...freshInstrument(spy), clockUs: 77 }],
      floors: [{ table: 'trades', ...spy, floorUs: 77 }],
      cells: [{ table: 'trades', ...spy, day: 16_000, rows: 12 }],
    };
    const log = await openLog(dir, () => Promise.resolve(inheritance));
    expect(log.position()).toEqual({ firstNumber: 501, headNumber: 500, rows: 0, serial: 0 });
    expect(log.recall()).toMatchObject({
      instruments: inheritance.instruments,
      floors: inheritance.floors,
      storedThroughNumber: 500,
      totals: { trades: { inherited: 12, stored: 12, received: 0 }, quotes: { inherited: 0 } },
      cells: [{ inherited: 12, stored: 12, admitted: 0 }],
    });
    await log.append(logWrite(1, [logBatch(501)]));
    await open.pop()?.close();
    const again = await openLog(dir, () => Promise.reject(new Error('asked twice')));
    expect(again.position()).toMatchObject({ firstNumber: 501, headNumber: 501 });
  });

  it('is not there at all where the store could not say what it has', async () => {
    const dir = newDir();
    await expect(openLog(dir, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect((await openLog(dir)).position().firstNumber).toBe(1);
  });
});
