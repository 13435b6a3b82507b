import { dayUs, type TickKind } from '@hindcast/contracts';
import {
  freshInstrument,
  sequenceOf,
  type CellCount,
  type InstrumentState,
  type KindCounts,
  type LoggedBatch,
  type Mark,
} from '@hindcast/market';
import type { FollowedBatch, LogFollower, LogWrite, QuarantinedRow, StoredCell, TickLog } from '@hindcast/ports';
import { loggedBatch, quoteRowsOf, tradeRowsOf } from './tick-rows.js';
import { someQuotes, someTrades, startUs } from './tick-store-scenes.js';

export interface TickLogUnderTest {
  readonly log: TickLog;
  /** Ends the process that writes it, as far as the log can tell, and opens it again. */
  reopen(): Promise<TickLog>;
}

const spy = { market: 'usa/equity', symbol: 'SPY' };
const day = Math.floor(startUs / dayUs);
const none: KindCounts = { received: 0, accepted: 0, duplicate: 0, rejected: 0, late: 0 };

/** A batch of three trades and two quotes. */
export function logBatch(number: number): LoggedBatch {
  return loggedBatch({ number, trades: someTrades(spy, 3), quotes: someQuotes(spy, 2) });
}

/** What an intake writes with these batches; every trade and quote in them was accepted. */
export function logWrite(serial: number, batches: readonly LoggedBatch[], also: Partial<LogWrite> = {}): LogWrite {
  const rows = (table: TickKind): number => batches.reduce((sum, batch) => sum + batch[table].length, 0);
  const counts = (table: TickKind): KindCounts => ({ ...none, received: rows(table), accepted: rows(table) });
  const cell = (table: TickKind): CellCount => ({ table, ...spy, day, admitted: rows(table), late: 0 });
  return {
    serial,
    batches,
    instruments: [],
    counts: { trades: counts('trades'), quotes: counts('quotes') },
    rejectedByCode: {},
    cells: [cell('trades'), cell('quotes')].filter(({ admitted }) => admitted > 0),
    ...also,
  };
}

/** Everything of a batch, its columns as rows. */
export function batchContent({ trades, quotes, ...rest }: LoggedBatch): object {
  return { ...rest, trades: tradeRowsOf(trades), quotes: quoteRowsOf(quotes) };
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

    it('adds counters where a write has no batch', async () => {
      const counts = { trades: { ...none, received: 4, duplicate: 4 }, quotes: none };
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

/** What following a log means, also from another process. `open` gives an empty log and a follower of it. */
export function logFollowerConformance(open: () => Promise<{ readonly log: TickLog; readonly follower: LogFollower }>): void {
  let log: TickLog;
  let follower: LogFollower;
  beforeEach(async () => ({ log, follower } = await open()));

  const append = (...numbers: readonly number[]): Promise<void> => log.append(logWrite(log.position().serial + 1, numbers.map(logBatch)));

  it('reads the past from any number, then what is written, in order', async () => {
    await append(1, 2, 3);
    const seen: number[] = [];
    for await (const { batch, headNumber, streamId } of follower.follow({ fromNumber: 2 })) {
      expect(streamId).toBe(log.streamId);
      expect(headNumber).toBeGreaterThanOrEqual(batch.number);
      expect(batchContent(batch)).toEqual(batchContent(logBatch(batch.number)));
      seen.push(batch.number);
      if (batch.number === 3) await append(4);
      if (batch.number === 4) await append(5, 6);
      if (batch.number === 6) break;
    }
    expect(seen).toEqual([2, 3, 4, 5, 6]);
  });

  it('waits for a batch that is not there yet, for as many followers as there are', async () => {
    const first = [1, 2, 3].map(() => nextOf(follower.follow({ fromNumber: 1, streamId: log.streamId })));
    await append(1);
    expect((await Promise.all(first)).map((followed) => followed?.batch.number)).toEqual([1, 1, 1]);
  });

  it('says where the log begins, and the clocks as they were there', async () => {
    await append(1, 2);
    await log.trim({ throughNumber: 1, floors: [], clocks: [{ ...spy, timeUs: startUs }], rows: 5 });
    expect(await follower.beginning()).toEqual({ streamId: log.streamId, firstNumber: 2, clocks: [{ ...spy, timeUs: startUs }] });
  });

  it('says NUMBER_TRIMMED where the batch is gone, also to one who was on his way', async () => {
    await append(1, 2, 3);
    const behind = follower.follow({ fromNumber: 1 })[Symbol.asyncIterator]();
    await behind.next();
    await log.trim({ throughNumber: 3, floors: [], clocks: [], rows: 15 });
    await expect(nextOf(follower.follow({ fromNumber: 1 }))).rejects.toMatchObject({ code: 'NUMBER_TRIMMED' });
    await append(4);
    expect((await nextOf(follower.follow({ fromNumber: 4 })))?.batch.number).toBe(4);
    await behind.return?.();
  });

  it('never stands still while batches are trimmed under a follower', async () => {
    await append(1, 2, 3, 4, 5, 6, 7, 8);
    const trimming = log.trim({ throughNumber: 8, floors: [], clocks: [], rows: 40 });
    const reading = (async () => {
      for await (const { batch } of follower.follow({ fromNumber: 1 })) {
        await new Promise(setImmediate);
        if (batch.number === 8) return 'read';
      }
      return 'ended';
    })().catch((error: unknown) => (error as { readonly code: string }).code);
    await trimming;
    expect(['read', 'NUMBER_TRIMMED']).toContain(await reading);
  });

  it('says STREAM_UNKNOWN to one who follows another log', async () => {
    await append(1);
    await expect(nextOf(follower.follow({ fromNumber: 1, streamId: 'another' }))).rejects.toMatchObject({ code: 'STREAM_UNKNOWN' });
    const report = { streamId: 'another', follower: 'market-physics', number: 1 };
    await expect(follower.reportCheckpoint(report)).rejects.toMatchObject({ code: 'STREAM_UNKNOWN' });
    expect(log.recall().checkpoints).toEqual([]);
  });

  it('ends where it is aborted, at once and without an error', async () => {
    const abort = new AbortController();
    const waiting = nextOf(follower.follow({ fromNumber: 1, signal: abort.signal }));
    abort.abort();
    expect(await waiting).toBeUndefined();
    expect(await nextOf(follower.follow({ fromNumber: 1, signal: AbortSignal.abort() }))).toBeUndefined();
  });

  it('keeps the highest checkpoint of each follower', async () => {
    const report = (name: string, number: number) => follower.reportCheckpoint({ streamId: log.streamId, follower: name, number });
    await report('market-physics', 3);
    await Promise.all([report('market-physics', 7), report('market-physics', 5), report('other', 1)]);
    expect(log.progress().checkpoints).toEqual(log.recall().checkpoints);
    const numbers = log.progress().checkpoints.map(({ follower: name, number }) => [name, number]);
    expect(numbers.toSorted()).toEqual([
      ['market-physics', 7],
      ['other', 1],
    ]);
  });
}

async function nextOf(batches: AsyncIterable<FollowedBatch>): Promise<FollowedBatch | undefined> {
  for await (const followed of batches) return followed;
  return undefined;
}
