import type { TickKind } from '@hindcast/contracts';
import { freshInstrument, sequenceOf, sliceQuotes, sliceTrades, type InstrumentState, type Mark } from '@hindcast/market';
import type { QuarantinedRow, StoredCell, TickLog } from '@hindcast/ports';
import { logFollowerConformance } from './log-follower-conformance.js';
import { batchContent, day, logBatch, logWrite, noCounts, spy } from './log-writes.js';
import { startUs } from './tick-store-scenes.js';

export interface TickLogUnderTest {
  readonly log: TickLog;
  /** Ends the process that writes it, as far as the log can tell, and opens it again. */
  reopen(): Promise<TickLog>;
}

function storedCell(table: TickKind, rows: number): StoredCell {
  return { table, ...spy, day, rows };
}

function quarantinedRow(number: number): QuarantinedRow {
  return {
    table: 'trades',
    sequence: sequenceOf(number, 0),
    message: 'no such column',
    cell: { table: 'trades', ...spy, day },
    body: 'AAAA',
  };
}

/** What every log does, whatever it is made of. Call it inside a `describe`; `create` gives an empty log of its own to each test. */
export function tickLogConformance(create: () => Promise<TickLogUnderTest>): void {
  let underTest: TickLogUnderTest;
  let log: TickLog;
  beforeEach(async () => {
    underTest = await create();
    log = underTest.log;
  });

  /** Appends batches from `from` to `to`, each in a write of its own. */
  async function appendEach(from: number, to: number): Promise<void> {
    for (let number = from; number <= to; number++) await log.append(logWrite(log.position().serial + 1, [logBatch(number)]));
  }

  describe('append and read', () => {
    it('gives back what was written, and knows where it stands', async () => {
      expect(log.position()).toEqual({ firstNumber: 1, headNumber: 0, rows: 0, serial: 0 });
      await log.append(logWrite(1, [logBatch(1), logBatch(2)]));
      expect(log.position()).toEqual({ firstNumber: 1, headNumber: 2, rows: 10, serial: 1 });
      expect(batchContent(log.read(2)!)).toEqual(batchContent(logBatch(2)));
      expect(log.read(3)).toBeUndefined();
      expect(log.read(0)).toBeUndefined();
    });

    it('takes many writes at once, in their order', async () => {
      await Promise.all(Array.from({ length: 40 }, (_, at) => log.append(logWrite(at + 1, [logBatch(at + 1)]))));
      expect(log.position()).toMatchObject({ headNumber: 40, serial: 40, rows: 200 });
      for (let number = 1; number <= 40; number++) expect(log.read(number)?.number).toBe(number);
    });

    it('holds as one batch what writes that wait together bring of it', async () => {
      const whole = logBatch(1);
      const parts = [
        { ...whole, trades: sliceTrades(whole.trades, 0, 2), quotes: sliceQuotes(whole.quotes, 0, 0) },
        { ...whole, trades: sliceTrades(whole.trades, 2, 3), quotes: whole.quotes },
      ];
      expect(log.waits(1)).toBe(false);
      const first = log.append(logWrite(1, [parts[0]]));
      expect(log.waits(1)).toBe(true);
      const second = log.append(logWrite(2, [parts[1], logBatch(2)]));
      await Promise.all([first, second]);
      expect(log.waits(1) || log.waits(2)).toBe(false);
      expect(log.position()).toEqual({ firstNumber: 1, headNumber: 2, rows: 10, serial: 2 });
      expect(batchContent(log.read(1)!)).toEqual(batchContent(whole));
      // What was written is what followers have read.
      await expect(log.append(logWrite(3, [parts[1]]))).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
      expect(batchContent((await underTest.reopen()).read(1)!)).toEqual(batchContent(whole));
    });

    it('adds counters where a write has no batch', async () => {
      const counts = { trades: { ...noCounts, received: 4, duplicate: 4 }, quotes: noCounts };
      await log.append(logWrite(1, [], { counts }));
      expect(log.position()).toEqual({ firstNumber: 1, headNumber: 0, rows: 0, serial: 1 });
      expect(log.recall().totals.trades).toMatchObject({ received: 4, duplicate: 4, accepted: 0 });
    });

    it('refuses a write that does not follow the last one, and everything that was admitted after it', async () => {
      const results = await Promise.allSettled([
        log.append(logWrite(1, [logBatch(1)])),
        log.append(logWrite(3, [logBatch(2)])),
        log.append(logWrite(4, [logBatch(3)])),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
      for (const result of results.slice(1)) expect(result).toMatchObject({ reason: { code: 'LOG_UNAVAILABLE', retry: true } });
      expect(log.position()).toMatchObject({ headNumber: 1, serial: 1 });
      await log.append(logWrite(2, [logBatch(2)]));
      expect(log.position()).toMatchObject({ headNumber: 2, serial: 2 });
    });

    it('leaves no hole in the numbers, and nothing of a refused write', async () => {
      await expect(log.append(logWrite(1, [logBatch(2)]))).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
      expect(log.position()).toMatchObject({ headNumber: 0, serial: 0 });
      expect(log.recall().cells).toEqual([]);
      await log.append(logWrite(1, [logBatch(1)]));
      expect(log.recall().totals.trades).toMatchObject({ accepted: 3 });
    });

    it('keeps nothing of a write that breaks off halfway, and takes the next one', async () => {
      await appendEach(1, 1);
      const position = log.position();
      const memory = log.recall();
      const breaksOff = {
        ...freshInstrument(spy),
        toJSON: (): never => {
          throw new Error('no JSON of it');
        },
      };
      const broken = logWrite(2, [logBatch(2)], { instruments: [{ ...freshInstrument(spy), clockUs: 9, market: 'a/a' }, breaksOff] });
      await expect(log.append(broken)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retry: true });
      expect(log.position()).toEqual(position);
      expect(log.recall()).toEqual(memory);
      const reopened = await underTest.reopen();
      expect(reopened.position()).toEqual(position);
      expect(reopened.recall()).toEqual(memory);
      expect(reopened.read(2)).toBeUndefined();
      await reopened.append(logWrite(2, [logBatch(2)]));
      expect(reopened.position()).toMatchObject({ headNumber: 2, serial: 2, rows: 10 });
      expect(batchContent(reopened.read(2)!)).toEqual(batchContent(logBatch(2)));
    });

    it('goes on without being opened again after a write that broke off', async () => {
      const breaksOff = {
        clockUs: 7,
        toJSON: (): never => {
          throw new Error('no JSON of it');
        },
      };
      await expect(
        log.append(logWrite(1, [logBatch(1)], { instruments: [{ ...freshInstrument(spy), ...breaksOff }] })),
      ).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
      await appendEach(1, 3);
      expect(log.position()).toMatchObject({ headNumber: 3, serial: 3, rows: 15 });
    });
  });

  describe('what is recalled', () => {
    it('is the newest form of each instrument, and sums that agree with the cells', async () => {
      const instrument = (clockUs: number): InstrumentState => ({ ...freshInstrument(spy), clockUs });
      await log.append(logWrite(1, [logBatch(1)], { instruments: [instrument(5)], rejectedByCode: { PRICE_INVALID: 2 } }));
      await log.append(logWrite(2, [logBatch(2)], { instruments: [instrument(9)], rejectedByCode: { PRICE_INVALID: 1, SIZE_INVALID: 1 } }));
      const { instruments, totals, cells, rejectedByCode } = log.recall();
      expect(instruments).toEqual([instrument(9)]);
      expect(rejectedByCode).toEqual({ PRICE_INVALID: 3, SIZE_INVALID: 1 });
      expect(totals).toMatchObject({ trades: { accepted: 6, received: 6 }, quotes: { accepted: 4 } });
      expect(cells).toContainEqual({ table: 'trades', ...spy, day, inherited: 0, admitted: 6, stored: 0, quarantined: 0, late: 0 });
      expect(cells).toHaveLength(2);
    });

    it('agrees with itself at any moment', async () => {
      const writes = Array.from({ length: 60 }, (_, at) => log.append(logWrite(at + 1, [logBatch(at + 1)])));
      let isDone = false;
      const all = Promise.all(writes).then(() => (isDone = true));
      while (!isDone) {
        const { totals, cells } = log.recall();
        const admitted = cells.filter(({ table }) => table === 'trades').reduce((sum, cell) => sum + cell.admitted, 0);
        expect(admitted).toBe(totals.trades.accepted);
        await new Promise(setImmediate);
      }
      await all;
    });

    it('is the same after the log was opened again, and writing goes on', async () => {
      await appendEach(1, 6);
      await log.recordStored({
        firstNumber: 1,
        throughNumber: 3,
        stored: [storedCell('trades', 8), storedCell('quotes', 6)],
        quarantined: [quarantinedRow(1)],
      });
      await log.trim({ throughNumber: 2, floors: [{ table: 'trades', ...spy, floorUs: startUs }], clocks: [], rows: 10 });
      await log.reportCheckpoint({ streamId: log.streamId, follower: 'market-physics', number: 3 });
      const before = { streamId: log.streamId, position: log.position(), memory: log.recall(), batch: batchContent(log.read(5)!) };
      log = await underTest.reopen();
      expect({ streamId: log.streamId, position: log.position(), memory: log.recall(), batch: batchContent(log.read(5)!) }).toEqual(before);
      await appendEach(7, 7);
      expect(log.position()).toEqual({ firstNumber: 3, headNumber: 7, rows: 25, serial: 7 });
    });
  });

  describe('what the drain has seen', () => {
    it('counts stored and quarantined rows, and refuses what does not begin right after the watermark', async () => {
      await appendEach(1, 4);
      const progress = {
        firstNumber: 1,
        throughNumber: 3,
        stored: [storedCell('trades', 8), storedCell('quotes', 6)],
        quarantined: [quarantinedRow(2)],
      };
      // A hole, nothing at all, then the same twice and an overlap, given before the first of them is on disk.
      const wrong = { code: 'LOG_UNAVAILABLE', message: expect.stringContaining('does not follow the watermark') as string };
      await expect(log.recordStored({ ...progress, firstNumber: 2 })).rejects.toMatchObject(wrong);
      await expect(log.recordStored({ ...progress, throughNumber: 0 })).rejects.toMatchObject(wrong);
      const repeats = [progress, progress, { ...progress, throughNumber: 4 }].map((each) => log.recordStored(each));
      expect(await Promise.allSettled(repeats)).toMatchObject([{ status: 'fulfilled' }, { reason: wrong }, { reason: wrong }]);
      const { storedThroughNumber, totals, cells, quarantine } = log.recall();
      expect(storedThroughNumber).toBe(3);
      expect(totals).toMatchObject({ trades: { stored: 8, quarantined: 1 }, quotes: { stored: 6, quarantined: 0 } });
      expect(cells.find(({ table }) => table === 'trades')).toMatchObject({ admitted: 12, stored: 8, quarantined: 1 });
      expect(quarantine).toEqual([quarantinedRow(2)]);
      expect(log.progress()).toEqual({ storedThroughNumber: 3, checkpoints: [] });
      expect(log.quarantine()).toEqual([quarantinedRow(2)]);
    });

    it('releases a quarantined row once, whoever asks', async () => {
      await appendEach(1, 2);
      const stored = [storedCell('trades', 4)];
      await log.recordStored({ firstNumber: 1, throughNumber: 2, stored, quarantined: [quarantinedRow(1), quarantinedRow(2)] });
      await Promise.all([log.releaseQuarantine([quarantinedRow(1)]), log.releaseQuarantine([quarantinedRow(1)])]);
      const { totals, cells, quarantine } = log.recall();
      expect(quarantine).toEqual([quarantinedRow(2)]);
      expect(log.quarantine()).toEqual(quarantine);
      expect(totals.trades).toMatchObject({ stored: 5, quarantined: 1 });
      expect(cells.find(({ table }) => table === 'trades')).toMatchObject({ stored: 5, quarantined: 1 });
    });

    it('takes back what was stored, for a store that lost it', async () => {
      await appendEach(1, 3);
      await log.recordStored({ firstNumber: 1, throughNumber: 2, stored: [storedCell('trades', 4)], quarantined: [quarantinedRow(1)] });
      const before = log.recall();
      const progress = { stored: [storedCell('trades', 6)], quarantined: [quarantinedRow(2)] };
      await log.recordStored({ firstNumber: 3, throughNumber: 3, ...progress });
      await log.forgetStored({ throughNumber: 2, ...progress });
      expect(log.recall()).toEqual(before);
      expect(log.progress().storedThroughNumber).toBe(2);
      await log.recordStored({ firstNumber: 3, throughNumber: 3, ...progress });
      expect(log.recall().totals.trades).toMatchObject({ stored: 10, quarantined: 2 });
    });

    it('keeps refused rejected rows apart from the ledger', async () => {
      const row: QuarantinedRow = { table: 'rejected_ticks', sequence: 1, message: 'no', body: 'AAAA' };
      await appendEach(1, 1);
      await log.recordStored({ firstNumber: 1, throughNumber: 1, stored: [], quarantined: [row] });
      expect(log.recall().quarantine).toEqual([row]);
      await log.releaseQuarantine([row]);
      expect(log.recall()).toMatchObject({ quarantine: [], totals: { trades: { quarantined: 0, stored: 0 }, quotes: { quarantined: 0 } } });
    });
  });

  describe('trimming', () => {
    it('drops batches, raises floors and never lowers them', async () => {
      await appendEach(1, 4);
      const floor = (floorUs: number) => ({ table: 'trades' as const, ...spy, floorUs });
      await log.trim({ throughNumber: 2, floors: [floor(100), { ...floor(7), table: 'quotes' }], clocks: [], rows: 10 });
      await log.trim({ throughNumber: 3, floors: [floor(50)], clocks: [], rows: 5 });
      await log.trim({ throughNumber: 3, floors: [floor(50)], clocks: [], rows: 5 });
      expect(log.position()).toMatchObject({ firstNumber: 4, headNumber: 4, rows: 5 });
      expect([1, 2, 3].map((number) => log.read(number))).toEqual([undefined, undefined, undefined]);
      expect(log.read(4)?.number).toBe(4);
      expect(log.recall().floors).toHaveLength(2);
      expect(log.recall().floors).toEqual(expect.arrayContaining([floor(100), { ...floor(7), table: 'quotes' }]));
    });

    it('knows the clocks that the dropped batches left behind, and where it begins', async () => {
      expect(await log.beginning()).toEqual({ streamId: log.streamId, firstNumber: 1, clocks: [] });
      await appendEach(1, 4);
      const ibm = { market: 'usa/equity', symbol: 'IBM' };
      const trim = (throughNumber: number, ...clocks: readonly Mark[]) => log.trim({ throughNumber, floors: [], clocks, rows: 5 });
      await trim(1, { ...spy, timeUs: 100 });
      await trim(2, { ...spy, timeUs: 50 }, { ...ibm, timeUs: 7 });
      const { clocks, ...position } = await log.beginning();
      expect(position).toEqual({ streamId: log.streamId, firstNumber: 3 });
      expect(clocks.toSorted((a, b) => a.timeUs - b.timeUs)).toEqual([
        { ...ibm, timeUs: 7 },
        { ...spy, timeUs: 100 },
      ]);
    });

    it('can empty the log, which goes on with the next number', async () => {
      await appendEach(1, 2);
      await log.trim({ throughNumber: 2, floors: [], clocks: [], rows: 10 });
      expect(log.position()).toMatchObject({ firstNumber: 3, headNumber: 2, rows: 0 });
      await appendEach(3, 3);
      expect(log.position()).toMatchObject({ firstNumber: 3, headNumber: 3, rows: 5 });
    });
  });

  describe('following', () => {
    logFollowerConformance(() => Promise.resolve({ log, follower: log }));
  });
}
