import { MomentColumns, signatureSize } from '@hindcast/memory';
import type { MomentSearchResult, MomentStore } from '@hindcast/ports';
import { HeldMoments } from './held-moments.js';
import { momentFilters } from './moment-filters.js';
import {
  alikeMoments,
  allRowsOf,
  memoryDefinition,
  momentAt,
  momentStartUs,
  momentsInOrder,
  momentsOf,
  questionOf,
  someMoments,
} from './moment-rows.js';

export interface MomentStoreUnderTest {
  readonly store: MomentStore;
  /** Another handle on the same data, as after a restart; undefined where nothing outlives a handle. */
  reopen?(): Promise<MomentStore>;
  /** Removes the data; the stores are closed by then. */
  remove(): Promise<void>;
}

const definition = memoryDefinition();
const { id } = definition;
const minuteUs = 60_000_000;

/** What every MomentStore keeps. Each test begins with one empty memory of its own. */
export function momentStoreConformance(name: string, begin: () => Promise<MomentStoreUnderTest>): void {
  describe(`${name} as a MomentStore`, () => {
    let tested: MomentStoreUnderTest;
    let store: MomentStore;

    beforeEach(async () => {
      tested = await begin();
      ({ store } = tested);
      await store.ensureTables();
      await store.create(definition);
    });
    afterEach(async () => {
      await store.close();
      await tested.remove();
    });

    describe('its moments', () => {
      it('are none at first', async () => {
        expect(await store.count(id, {})).toBe(0);
        expect(momentsOf(await store.moments(id, {}))).toEqual([]);
        expect(await store.stats(id)).toMatchObject({ rows: 0, index: null, indexSegments: 0, recall: null });
        const answer = await store.search(id, {
          vector: questionOf(someMoments({ count: 1, seed: 1 }), 0),
          k: 5,
          filter: {},
          search: 'auto',
        });
        expect(answer).toMatchObject({ rows: 0, candidates: 0, exact: true });
        expect(answer.moments).toHaveLength(0);
      });

      it('come back to the bit, in the order of time', async () => {
        const moments = someMoments({ count: 200, seed: 3, symbols: ['SPY', 'IBM', 'AIG'] });
        await store.upsert(id, moments, allRowsOf(moments));
        expect(momentsOf(await store.moments(id, {}))).toEqual(momentsInOrder(moments));
        expect(momentsOf(await store.moments(id, {}, 7))).toEqual(momentsInOrder(moments).slice(0, 7));
      });

      it('are those that were named', async () => {
        const moments = someMoments({ count: 20, seed: 4 });
        await store.upsert(id, moments, Int32Array.of(3, 11));
        expect(momentsOf(await store.moments(id, {}))).toEqual([momentAt(moments, 3), momentAt(moments, 11)]);
        await store.upsert(id, moments, new Int32Array());
        expect(await store.count(id, {})).toBe(2);
      });

      it('are replaced on (symbol, timestamp, market), within one call too, where the last one counts', async () => {
        const [old, newer] = [5, 6].map((seed) => someMoments({ count: 10, seed }));
        await store.upsert(id, old, allRowsOf(old));
        await store.upsert(id, newer, allRowsOf(newer));
        expect(momentsOf(await store.moments(id, {}))).toEqual(momentsInOrder(newer));
        const both = new MomentColumns(definition.horizons);
        for (const from of [newer, old]) for (let row = 0; row < from.length; row += 1) both.addFrom(from, row);
        await store.upsert(id, both, allRowsOf(both));
        expect(momentsOf(await store.moments(id, {}))).toEqual(momentsInOrder(old));
      });

      it('of one symbol on two markets are two', async () => {
        for (const market of ['usa/equity', 'binance/spot']) {
          const moments = someMoments({ count: 4, seed: 7, market });
          await store.upsert(id, moments, allRowsOf(moments));
        }
        expect(await store.count(id, {})).toBe(8);
        expect(await store.count(id, { market: 'binance/spot' })).toBe(4);
      });

      it('are found by key, in the order of the keys', async () => {
        const moments = someMoments({ count: 50, seed: 8 });
        await store.upsert(id, moments, allRowsOf(moments));
        const keys = [40, 2, 17].map((row) => keyOf(moments, row));
        const absent = { ...keys[0], timeUs: keys[0].timeUs + 1 };
        expect(momentsOf(await store.find(id, [keys[0], absent, keys[1], keys[2]]))).toEqual(
          [40, 2, 17].map((row) => momentAt(moments, row)),
        );
        expect(await store.find(id, [])).toHaveLength(0);
      });

      it('are told by the newest at or before a time, with what was known then', async () => {
        const moments = someMoments({ count: 40, seed: 9 });
        await store.upsert(id, moments, allRowsOf(moments));
        const instrument = { market: 'usa/equity', symbol: 'IBM' };
        const at = momentStartUs + 10 * 1_000_000;
        for (const timeUs of [at, at + 999_999]) {
          const newest = await store.newest(id, instrument, timeUs);
          expect(newest).toHaveLength(1);
          expect(momentAt(newest, 0)).toMatchObject({ ...instrument, timeUs: at, values: momentAt(moments, 21).values });
          expect(newest.outcomes('1m')?.knownAtUs[0]).toBeNaN();
        }
        expect(await store.newest(id, instrument, momentStartUs - 1)).toHaveLength(0);
        expect(await store.newest(id, { market: 'usa/equity', symbol: 'NONE' }, at)).toHaveLength(0);
      });
    });

    describe('a filter', () => {
      it.each(momentFilters)('of %s lets through what it says, whether rows are read, counted or searched', async (_, filter) => {
        const moments = someMoments({ count: 200, seed: 10, symbols: ['SPY', 'IBM', 'AIG'] });
        const held = await heldOf(moments);
        await store.upsert(id, moments, allRowsOf(moments));
        const expected = momentsOf(await held.moments(id, filter));
        expect(momentsOf(await store.moments(id, filter))).toEqual(expected);
        expect(await store.count(id, filter)).toBe(expected.length);
        const query = { vector: questionOf(moments, 33), k: 10, filter, search: 'auto' } as const;
        expect(answerOf(await store.search(id, query))).toEqual(answerOf(await held.search(id, query)));
      });

      it('on a component is exact at bounds that single precision does not have', async () => {
        const moments = someMoments({ count: 20, seed: 11 });
        const held = await heldOf(moments);
        await store.upsert(id, moments, allRowsOf(moments));
        for (let row = 0; row < moments.length; row += 1) {
          const value = moments.values[row * signatureSize];
          for (const bound of [value, value + 1e-12, value - 1e-12, 0.1]) {
            for (const components of [[{ name: 'volatility_1m', min: bound }], [{ name: 'volatility_1m', max: bound }]] as const) {
              expect(await store.count(id, { components })).toBe(await held.count(id, { components }));
            }
          }
        }
      });
    });

    describe('a search', () => {
      it('finds the nearest first, with Euclidean distances in double precision, and what was compared', async () => {
        const moments = someMoments({ count: 300, seed: 12 });
        const held = await heldOf(moments);
        await store.upsert(id, moments, allRowsOf(moments));
        for (const k of [1, 5, 50, 300]) {
          const query = { vector: questionOf(moments, 7), k, filter: {}, search: 'auto' } as const;
          const answer = await store.search(id, query);
          expect(answer.distances[0]).toBe(0);
          expect(answerOf(answer)).toEqual(answerOf(await held.search(id, query)));
          expect(answer).toMatchObject({ rows: 300, candidates: 300 });
        }
      });

      it('gives all there are where k is more', async () => {
        const moments = someMoments({ count: 30, seed: 13 });
        await store.upsert(id, moments, allRowsOf(moments));
        const answer = await store.search(id, { vector: questionOf(moments, 0), k: 1_200, filter: {}, search: 'auto' });
        expect(answer.moments).toHaveLength(30);
      });

      it('puts equally near moments in the order of time, symbol and market, in whatever order they came', async () => {
        const alike = alikeMoments(80);
        for (const rows of [allRowsOf(alike).reverse().subarray(0, 50), allRowsOf(alike)]) await store.upsert(id, alike, rows);
        const query = { vector: questionOf(alike, 0), k: 20, filter: {}, search: 'auto' } as const;
        const answer = await store.search(id, query);
        expect(momentsOf(answer.moments)).toEqual(momentsInOrder(alike).slice(0, 20));
      });

      it('as of a time does not move by a bit when later moments and outcomes come', async () => {
        const early = someMoments({ count: 150, seed: 14 });
        const late = someMoments({ count: 150, seed: 15, fromUs: momentStartUs + 100_000_000 });
        const asOfUs = momentStartUs + 90_000_000;
        const query = { vector: questionOf(early, 30), k: 40, filter: { asOfUs }, search: 'auto' } as const;
        const known = new MomentColumns(definition.horizons);
        for (let row = 0; row < early.length; row += 1) known.addFrom(early, row, (knownAtUs) => knownAtUs <= asOfUs);
        await store.upsert(id, known, allRowsOf(known));
        const before = answerOf(await store.search(id, query));
        await store.upsert(id, early, allRowsOf(early));
        await store.upsert(id, late, allRowsOf(late));
        expect(answerOf(await store.search(id, query))).toEqual(before);
        expect(momentsOf(await store.moments(id, query.filter))).toEqual(momentsInOrder(known).filter(({ timeUs }) => timeUs <= asOfUs));
      });

      it('is as right while rows are written, and sees whole writes only', async () => {
        const moments = someMoments({ count: 2_000, seed: 16 });
        const held = await heldOf(moments);
        const pieces = Array.from({ length: 20 }, (_, piece) => allRowsOf(moments).subarray(piece * 100, (piece + 1) * 100));
        const query = { vector: questionOf(moments, 5), k: 10, filter: {}, search: 'auto' } as const;
        const writing = Promise.all(pieces.map((rows) => store.upsert(id, moments, rows)));
        for (let ask = 0; ask < 10; ask += 1) expect((await store.search(id, query)).rows % 100).toBe(0);
        await writing;
        expect(answerOf(await store.search(id, query))).toEqual(answerOf(await held.search(id, query)));
      });
    });

    describe('its memories', () => {
      it('stand side by side, oldest first', async () => {
        const other = memoryDefinition({ id: 'another', horizons: definition.horizons.slice(0, 1) });
        await store.create(other);
        const [first, second] = [17, 18].map((seed) => someMoments({ count: 10, seed }));
        await store.upsert(id, first, allRowsOf(first));
        await store.upsert(other.id, second, allRowsOf(second));
        expect(momentsOf(await store.moments(id, {}))).toEqual(momentsInOrder(first));
        const held = await store.moments(other.id, {});
        expect(momentsOf(held).map(({ outcomes }) => outcomes)).toEqual(momentsInOrder(second).map(({ outcomes }) => outcomes.slice(0, 1)));
        expect((await store.memories()).map((memory) => memory.definition)).toEqual([definition, other]);
      });

      it('are created once; the same again changes nothing, another definition is refused', async () => {
        const moments = someMoments({ count: 10, seed: 19 });
        await store.upsert(id, moments, allRowsOf(moments));
        await store.create(definition);
        expect(await store.count(id, {})).toBe(10);
        const refused = store.create(memoryDefinition({ stateIntervalMs: 5_000 }));
        await expect(refused).rejects.toMatchObject({ code: 'MEMORY_EXISTS' });
        expect(await store.memories()).toEqual([{ definition, inUse: false }]);
      });

      it('are asked in turn: one is in use, from one moment to the next', async () => {
        const ids = ['one', 'two', 'three'];
        for (const other of ids) await store.create(memoryDefinition({ id: other }));
        expect((await store.memories()).filter(({ inUse }) => inUse)).toEqual([]);
        await store.use(ids[0]);
        const used = Promise.all([...ids, ...ids].map((other) => store.use(other)));
        for (let ask = 0; ask < 20; ask += 1) expect((await store.memories()).filter(({ inUse }) => inUse)).toHaveLength(1);
        await used;
        expect((await store.memories()).find(({ inUse }) => inUse)?.definition.id).toBe('three');
      });

      it('carry the skill that was measured', async () => {
        const skill = { fromUs: 1, toUs: 2, days: 3, moments: 4, byInstrument: [], byHorizon: { '5m': skillOf(0.3) } };
        await store.use(id);
        await store.recordSkill(id, skill);
        expect(await store.memories()).toEqual([{ definition: { ...definition, skill }, inUse: true }]);
        await store.create(definition);
        expect((await store.memories())[0].definition.skill).toEqual(skill);
      });

      it('are dropped with their rows and spans, but not the one in use', async () => {
        const moments = someMoments({ count: 10, seed: 20 });
        await store.upsert(id, moments, allRowsOf(moments));
        await store.recordSpan(id, { market: 'usa/equity', symbol: 'SPY', fromUs: 0, toUs: minuteUs });
        await store.recordLateSession(id, { market: 'usa/equity', symbol: 'SPY', openUs: 0, throughSequence: 7 });
        await store.create(memoryDefinition({ id: 'other' }));
        await store.use(id);
        await expect(store.drop(id)).rejects.toMatchObject({ code: 'MEMORY_IN_USE' });
        await store.use('other');
        await store.drop(id);
        expect((await store.memories()).map((memory) => memory.definition.id)).toEqual(['other']);
        await expect(store.count(id, {})).rejects.toMatchObject({ code: 'MEMORY_UNKNOWN' });
        await store.create(memoryDefinition({ horizons: definition.horizons.slice(2) }));
        expect(await store.count(id, {})).toBe(0);
        expect(await store.spans(id)).toEqual([]);
        expect(await store.lateSessions(id)).toEqual([]);
      });

      it('remember how much they have of sessions that came late', async () => {
        const late = (symbol: string, openUs: number, throughSequence: number) => ({
          market: 'usa/equity',
          symbol,
          openUs,
          throughSequence,
        });
        await store.create(memoryDefinition({ id: 'other' }));
        const newest = 2 ** 52 + 1;
        await store.recordLateSession('other', late('SPY', minuteUs, 5));
        await Promise.all(
          [late('SPY', minuteUs, 1), late('SPY', 0, 2), late('IBM', minuteUs, 3)].map((one) => store.recordLateSession(id, one)),
        );
        await store.recordLateSession(id, late('SPY', minuteUs, newest));
        expect(await store.lateSessions(id)).toEqual([late('IBM', minuteUs, 3), late('SPY', 0, 2), late('SPY', minuteUs, newest)]);
        expect(await store.lateSessions('other')).toEqual([late('SPY', minuteUs, 5)]);
      });

      it('remember up to where they were built, joined', async () => {
        const span = (symbol: string, from: number, to: number) => ({
          market: 'usa/equity',
          symbol,
          fromUs: from * minuteUs,
          toUs: to * minuteUs,
        });
        await store.create(memoryDefinition({ id: 'other' }));
        await store.recordSpan('other', span('SPY', 50, 60));
        await Promise.all([span('SPY', 0, 5), span('SPY', 10, 20), span('IBM', 3, 4)].map((one) => store.recordSpan(id, one)));
        expect(await store.spans(id)).toEqual([span('IBM', 3, 4), span('SPY', 0, 5), span('SPY', 10, 20)]);
        await store.recordSpan(id, span('SPY', 4, 12));
        await store.recordSpan(id, span('SPY', 20, 21));
        await store.recordSpan(id, span('SPY', 2, 3));
        expect(await store.spans(id)).toEqual([span('IBM', 3, 4), span('SPY', 0, 21)]);
        expect(await store.spans('other')).toEqual([span('SPY', 50, 60)]);
      });

      it('that are not there are told by a code, whatever is asked of them', async () => {
        const moments = someMoments({ count: 1, seed: 21 });
        const asked = [
          store.use('none'),
          store.recordSkill('none', { fromUs: 1, toUs: 2, days: 3, moments: 4, byHorizon: {}, byInstrument: [] }),
          store.drop('none'),
          store.upsert('none', moments, allRowsOf(moments)),
          store.recordSpan('none', { market: 'usa/equity', symbol: 'SPY', fromUs: 0, toUs: 1 }),
          store.spans('none'),
          store.recordLateSession('none', { market: 'usa/equity', symbol: 'SPY', openUs: 0, throughSequence: 1 }),
          store.lateSessions('none'),
          store.search('none', { vector: questionOf(moments, 0), k: 1, filter: {}, search: 'auto' }),
          store.moments('none', {}),
          store.count('none', {}),
          store.find('none', []),
          store.newest('none', { market: 'usa/equity', symbol: 'SPY' }, 0),
          store.stats('none'),
          store.optimize('none'),
        ];
        const answers = await Promise.allSettled(asked);
        expect(answers).toEqual(asked.map(() => expect.objectContaining({ reason: expect.objectContaining({ code: 'MEMORY_UNKNOWN' }) })));
      });
    });

    it('keeps everything over a restart', async () => {
      const { reopen } = tested;
      if (reopen === undefined) return;
      const moments = someMoments({ count: 100, seed: 22 });
      await store.upsert(id, moments, allRowsOf(moments));
      await store.recordSpan(id, { market: 'usa/equity', symbol: 'SPY', fromUs: 0, toUs: minuteUs });
      await store.use(id);
      const query = { vector: questionOf(moments, 9), k: 10, filter: {}, search: 'auto' } as const;
      const before = answerOf(await store.search(id, query));
      const reopened = await reopen();
      try {
        expect(await reopened.memories()).toEqual([{ definition, inUse: true }]);
        expect(momentsOf(await reopened.moments(id, {}))).toEqual(momentsInOrder(moments));
        expect(answerOf(await reopened.search(id, query))).toEqual(before);
        expect(await reopened.spans(id)).toEqual([{ market: 'usa/equity', symbol: 'SPY', fromUs: 0, toUs: minuteUs }]);
      } finally {
        await reopened.close();
      }
    });

    it('has nothing to do for few rows', async () => {
      const moments = someMoments({ count: 100, seed: 23 });
      await store.upsert(id, moments, allRowsOf(moments));
      expect(await store.optimize(id)).toBe(false);
    });

    it('refuses a question that is none', async () => {
      const moments = someMoments({ count: 3, seed: 24 });
      await store.upsert(id, moments, allRowsOf(moments));
      const vector = questionOf(moments, 0);
      const refused = [
        { vector: vector.subarray(1) },
        { vector: vector.map(() => NaN) },
        { k: 0 },
        { k: 1.5 },
        { k: 1e9 },
        { filter: { knownHorizon: '2m' } },
      ];
      for (const wrong of refused) {
        const asked = store.search(id, { vector, k: 1, filter: {}, search: 'auto', ...wrong });
        await expect(asked).rejects.toMatchObject({ code: 'FIELD_INVALID' });
      }
    });
  });
}

async function heldOf(moments: MomentColumns): Promise<HeldMoments> {
  const held = new HeldMoments();
  await held.create(definition);
  await held.upsert(id, moments, allRowsOf(moments));
  return held;
}

/** What an answer says about moments: not how it was come by. */
function answerOf({ moments, vectors, distances, candidates }: MomentSearchResult) {
  return { moments: momentsOf(moments), vectors: [...vectors], distances: [...distances], candidates };
}

function keyOf({ instruments, instrument, timeUs }: MomentColumns, row: number) {
  return { ...instruments[instrument[row]], timeUs: timeUs[row] };
}

function skillOf(volatility: number) {
  return { volatility, volatilityOfHar: 0.2, coverage: 0.8, direction: 0.25, directionOfUsual: 0.25, directionPValue: 0.5 };
}
