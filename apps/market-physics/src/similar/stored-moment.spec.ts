import { minuteUs, usFromIso } from '@hindcast/contracts';
import { signatureSize, type MomentColumns } from '@hindcast/memory';
import type { MomentStore } from '@hindcast/ports';
import { HeldMoments } from '@hindcast/testing';
import fc from 'fast-check';
import { definition, finished, MemoryWorld, rowsOf, stock, walkedTrades } from '../memory/memory.fixture.js';
import type { FoldingOptions } from '../memory/instrument-folding.js';
import { FolderHere } from '../memory/moment-folder.js';
import { askedMoment } from './asked-moment.js';
import { StoredMoments } from './stored-moment.js';

const at = (text: string): number => usFromIso(text)!;
const firstUs = at('2013-10-07T13:10:00Z');
const toUs = at('2013-10-08T16:00:00Z');
const opens = [at('2013-10-07T13:30:00Z'), at('2013-10-08T13:30:00Z')];
const closeUs = at('2013-10-07T20:00:00Z');
const quarterUs = 15 * minuteUs;

const trades = walkedTrades({ instrument: stock, fromUs: firstUs, toUs, seed: 3, secondsBetween: 30 });

/** Instrument, time and signature: what was known when a moment came. */
function ofItself(row: string): string {
  return row
    .split(' | ')
    .slice(0, 8 + signatureSize)
    .join(' | ');
}

async function texts(moments: MomentColumns): Promise<readonly string[]> {
  const store = new HeldMoments();
  await store.create(definition);
  await store.upsert(
    definition.id,
    moments,
    Int32Array.from({ length: moments.length }, (_, row) => row),
  );
  return rowsOf(store);
}

/** Knows when each session opened that it was to fold. */
class CountingFolder extends FolderHere {
  readonly opens: number[] = [];

  override begin(key: string, options: FoldingOptions): Promise<void> {
    this.opens.push(options.firstUs);
    return super.begin(key, options);
  }
}

function storedMoments(untilUs = toUs, folder = new FolderHere()): StoredMoments {
  const world = new MemoryWorld();
  world.show(trades, untilUs);
  return new StoredMoments({ store: world.store, livePath: world.livePath, openFolder: () => folder });
}

const { signal } = new AbortController();

function newest(stored: StoredMoments, atUs: number, instrument = stock): Promise<MomentColumns> {
  return stored.newest({ ...instrument, atUs }, definition, signal);
}

async function timeAt(stored: StoredMoments, atUs: number): Promise<number | undefined> {
  const { length, timeUs } = await newest(stored, atUs);
  return length === 0 ? undefined : timeUs[0];
}

describe('a moment that is made from stored trades', () => {
  let memory: MomentStore;
  let built: readonly string[];
  let times: readonly number[];
  beforeAll(async () => {
    const world = new MemoryWorld();
    world.show(trades, toUs);
    await world.moments.create(definition);
    const jobs = world.jobs();
    const everything = { memory: definition.id, fromUs: undefined, toUs: undefined, symbols: undefined, measure: false };
    expect(await finished(jobs, await jobs.startBuild(everything))).toMatchObject({ state: 'done' });
    memory = world.moments;
    built = (await rowsOf(memory)).map(ofItself);
    const { timeUs, length } = await memory.moments(definition.id, {});
    times = [...timeUs.subarray(0, length)];
  });

  it('has the bits of the one in a memory that was built, whenever it is asked about, and whatever came after it', async () => {
    const stored = storedMoments();
    const minutes = fc.integer({ min: 0, max: (toUs - firstUs) / minuteUs });
    await fc.assert(
      fc.asyncProperty(minutes, fc.nat({ max: 59 }), async (minute, second) => {
        const atUs = firstUs + minute * minuteUs + second * 1_000_000;
        const place = times.findLastIndex((timeUs) => timeUs <= atUs);
        const made = await texts(await newest(stored, atUs));
        expect(made.map(ofItself)).toEqual(place === -1 ? [] : [built[place]]);
      }),
      {
        numRuns: 12,
        examples: [
          [0, 0],
          [35, 0],
          [36, 30],
          [24 * 60 + 20, 0],
          [24 * 60 + 36, 0],
        ],
      },
    );
  });

  it('knows nothing of what followed', async () => {
    const made = await newest(storedMoments(), at('2013-10-08T15:00:00Z'));
    for (const { id } of definition.horizons) expect(made.outcomes(id)?.knownAtUs[0]).toBeNaN();
  });

  it('is the last one of the session before, while a session is younger than a quarter of an hour and while the market rests', async () => {
    const stored = storedMoments();
    for (const atUs of [closeUs, at('2013-10-08T03:00:00Z'), opens[1], opens[1] + quarterUs - minuteUs]) {
      expect(await timeAt(stored, atUs)).toBe(closeUs);
    }
    expect(await timeAt(stored, opens[1] + quarterUs + minuteUs)).toBeGreaterThan(opens[1]);
  });

  it('is none before the first', async () => {
    const stored = storedMoments();
    for (const atUs of [firstUs - 1, opens[0], opens[0] + quarterUs - minuteUs]) expect(await timeAt(stored, atUs)).toBeUndefined();
    expect((await newest(stored, toUs, { ...stock, symbol: 'NONE' })).length).toBe(0);
    expect((await newest(stored, toUs, { ...stock, market: 'other/market' })).length).toBe(0);
  });

  it("is no newer than the instrument's clock, which a trade to come may still be before", async () => {
    const clockUs = at('2013-10-07T15:00:30Z');
    expect(await timeAt(storedMoments(clockUs), toUs)).toBe(at('2013-10-07T15:00:00Z'));
  });

  it('is the same one for all who ask at once', async () => {
    const stored = storedMoments();
    const atUs = at('2013-10-07T14:00:00Z');
    const made = await Promise.all(Array.from({ length: 6 }, () => newest(stored, atUs)));
    expect(new Set((await Promise.all(made.map(texts))).flat()).size).toBe(1);
  });

  it.each([
    ['the market rests', '2013-10-08T03:00:00Z', []],
    ["a session's first quarter of an hour has none of its own", '2013-10-08T13:40:00Z', [opens[1]]],
  ])('is not made where %s and a memory holds the last one before', async (_where, time, folded) => {
    const folder = new CountingFolder();
    const stored = storedMoments(toUs, folder);
    const asked = await askedMoment(
      { ...stock, atUs: at(time) },
      { definition, moments: memory, fold: (question) => stored.newest(question, definition, signal), signal },
    );
    expect([[...asked.timeUs.subarray(0, asked.length)], folder.opens]).toEqual([[closeUs], folded]);
  });

  it("is not made where the memory is as new as the instrument's clock", async () => {
    const folder = new CountingFolder();
    const stored = storedMoments(at('2013-10-07T15:00:30Z'), folder);
    const newestUs = at('2013-10-07T15:00:00Z');
    const question = { ...stock, atUs: toUs };
    expect(await stored.newest({ ...question, newerThanUs: newestUs }, definition, signal)).toHaveLength(0);
    expect(folder.opens).toEqual([]);
    const made = await stored.newest({ ...question, newerThanUs: newestUs - minuteUs }, definition, signal);
    expect([made.timeUs[0], folder.opens]).toEqual([newestUs, [opens[0]]]);
  });

  it('is the same one whatever a memory holds that is older', async () => {
    const stored = storedMoments();
    await fc.assert(
      fc.asyncProperty(fc.nat(times.length - 1), fc.nat(times.length - 1), fc.nat({ max: 59 }), async (one, other, second) => {
        const [held, place] = [Math.min(one, other), Math.max(one, other)];
        const atUs = times[place] + second * 1_000_000;
        const made = await stored.newest({ ...stock, atUs, newerThanUs: times[held] }, definition, signal);
        if (held < place) expect((await texts(made)).map(ofItself)).toEqual([built[place]]);
        else if (made.length > 0) expect(made.timeUs[0]).toBe(times[held]);
      }),
      { numRuns: 12 },
    );
  });

  it('is not made for somebody who has gone', async () => {
    await expect(storedMoments().newest({ ...stock, atUs: toUs }, definition, AbortSignal.abort())).rejects.toThrow('aborted');
  });
});
