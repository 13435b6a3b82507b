import { minuteUs, secondUs } from '@hindcast/contracts';
import type { EmbeddingRow, VectorFilter, VectorStore } from '@hindcast/ports';
import { clusteredRows, embeddingMetadata, embeddingRow, unitVector } from './embedding-rows.js';

export interface VectorStoreUnderTest {
  readonly store: VectorStore;
  /** Another handle on the same data, as after a restart. */
  reopen(): Promise<VectorStore>;
  /** Removes the data; the stores are closed by then. */
  remove(): Promise<void>;
}

const startUs = 1_381_152_600_000_000;

/** What every VectorStore keeps. Each test begins with an empty table of its own. */
export function vectorStoreConformance(name: string, create: () => Promise<VectorStoreUnderTest>): void {
  describe(`${name} as a VectorStore`, () => {
    let tested: VectorStoreUnderTest;
    let store: VectorStore;

    beforeEach(async () => {
      tested = await create();
      ({ store } = tested);
      await store.ensureTable();
    });
    afterEach(async () => {
      await store.close();
      await tested.remove();
    });

    it('is empty at first, and says so', async () => {
      expect(await allRows(store)).toEqual([]);
      expect(await store.stats()).toMatchObject({ rows: 0, index: null, indexSegments: 0 });
      const answer = await store.search({ vector: unitVector(1), k: 5, filter: {}, search: 'auto' });
      expect(answer).toMatchObject({ matches: [], rows: 0, candidates: 0 });
    });

    it('creates its table once, and keeps what is in it', async () => {
      await store.upsert([embeddingRow()]);
      await store.ensureTable();
      expect(await allRows(store)).toEqual([embeddingRow()]);
    });

    it('gives back what was written, to the bit and the microsecond, after a restart too', async () => {
      const rows = [embeddingRow({ timeUs: startUs + 1, metadata: embeddingMetadata({ alpha: null, regime: 'Lévy Stable' }) })];
      await store.upsert(rows);
      expect(await allRows(store)).toEqual(rows);
      const reopened = await tested.reopen();
      try {
        expect(await allRows(reopened)).toEqual(rows);
      } finally {
        await reopened.close();
      }
    });

    it('replaces on (symbol, timestamp, market), within a batch too, where the last one counts', async () => {
      const old = embeddingRow({ metadata: embeddingMetadata({ mass: 0.1 }) });
      const newer = embeddingRow({ metadata: embeddingMetadata({ mass: 0.2 }), vector: unitVector(2) });
      const newest = embeddingRow({ metadata: embeddingMetadata({ mass: 0.3 }), vector: unitVector(3) });
      const elsewhere = embeddingRow({ market: 'binance/spot' });
      await store.upsert([old, elsewhere, newer]);
      expect(await allRows(store)).toEqual([elsewhere, newer]);
      await store.upsert([newest]);
      expect(await allRows(store)).toEqual([elsewhere, newest]);
    });

    it('ends with the same rows however they were cut, repeated and put in order', async () => {
      const rows = clusteredRows({ rows: 60, clusters: 4, symbols: ['SPY', 'IBM'], seed: 7 });
      await Promise.all([store.upsert(rows.slice(30, 60)), store.upsert(rows.slice(0, 40)), store.upsert([...rows].reverse())]);
      expect(await allRows(store)).toEqual([...rows].sort(byKey));
    });

    it('finds the nearest first, with their Euclidean distance', async () => {
      const rows = clusteredRows({ rows: 50, clusters: 5, symbols: ['SPY'], seed: 3 });
      await store.upsert(rows);
      const { vector } = rows[17] ?? embeddingRow();
      const answer = await store.search({ vector, k: 5, filter: {}, search: 'exact' });
      expect(answer).toMatchObject({ rows: 50, candidates: 50, exact: true });
      const expected = rows.map((row) => ({ ...row, distance: euclidean(row.vector, vector) })).sort((a, b) => a.distance - b.distance);
      expect(answer.matches.map(({ timeUs }) => timeUs)).toEqual(expected.slice(0, 5).map(({ timeUs }) => timeUs));
      answer.matches.forEach(({ distance }, index) => expect(distance).toBeCloseTo(expected[index]?.distance ?? NaN, 4));
      expect(answer.matches[0]).toMatchObject({ symbol: 'SPY', market: 'usa/equity', metadata: embeddingMetadata(), distance: 0 });
    });

    it('puts equally near rows in one order, the newest first', async () => {
      const rows = Array.from({ length: 100 }, (_, index) => embeddingRow({ timeUs: startUs + ((index * 37) % 100) * minuteUs }));
      await store.upsert(rows.slice(0, 50));
      await store.upsert(rows.slice(50));
      const { matches } = await store.search({ vector: unitVector(1), k: 3, filter: {}, search: 'auto' });
      expect(matches.map(({ timeUs }) => (timeUs - startUs) / minuteUs)).toEqual([99, 98, 97]);
    });

    it.each(filterCases())('lets through $what only', async ({ filter, passes }) => {
      const rows = mixedRows();
      await store.upsert(rows);
      const expected = rows.filter(passes).sort(byKey);
      expect(await allRows(store, filter)).toEqual(expected);
      for (const search of ['auto', 'exact'] as const) {
        const answer = await store.search({ vector: unitVector(1), k: 100, filter, search });
        expect(answer).toMatchObject({ rows: rows.length, candidates: expected.length });
        expect(answer.matches.map(keyOf).sort()).toEqual(expected.map(keyOf).sort());
      }
    });

    it.each([
      ['a symbol with a quote', { symbols: ["SPY' OR '1'='1"] }],
      ['no symbol', { symbols: [] }],
      ['a market with SQL', { market: "usa/equity'; DROP TABLE x" }],
      ['a model with a space', { modelId: "x' OR 1=1 --" }],
      ['a fraction of a microsecond', { asOfUs: 1.5 }],
      ['no number', { fromUs: Number.NaN }],
    ] as const)('refuses %s in a filter', async (_, filter) => {
      const asked = store.search({ vector: unitVector(1), k: 5, filter, search: 'auto' });
      await expect(asked).rejects.toMatchObject({ code: 'FIELD_INVALID' });
    });

    it('refuses vectors of another length, to write and to look up', async () => {
      await expect(store.upsert([embeddingRow({ vector: new Float32Array(3) })])).rejects.toThrow(/3/);
      const asked = store.search({ vector: new Float32Array(3), k: 5, filter: {}, search: 'auto' });
      await expect(asked).rejects.toMatchObject({ code: 'FIELD_INVALID' });
      expect(await allRows(store)).toEqual([]);
    });

    it('answers the same after its upkeep', async () => {
      const rows = mixedRows();
      await store.upsert(rows);
      const query = { vector: unitVector(5), k: 5, filter: {}, search: 'auto' } as const;
      const before = await store.search(query);
      await store.optimize();
      expect((await store.search(query)).matches).toEqual(before.matches);
      expect(await allRows(store)).toEqual([...rows].sort(byKey));
    });
  });
}

function mixedRows(): EmbeddingRow[] {
  const symbols = ['SPY', 'IBM', 'BRK.B', 'BTC-USDT'];
  return Array.from({ length: 40 }, (_, index) =>
    embeddingRow({
      vector: unitVector(index + 1),
      symbol: symbols[index % symbols.length] ?? 'SPY',
      timeUs: startUs + index * minuteUs,
      market: index % 4 === 3 ? 'binance/spot' : 'usa/equity',
      modelId: index < 30 ? 'model@1' : 'model@2',
      templateId: index < 35 ? 'unary-1' : 'unary-2',
    }),
  );
}

interface FilterCase {
  readonly what: string;
  readonly filter: VectorFilter;
  passes(row: EmbeddingRow): boolean;
}

function filterCases(): FilterCase[] {
  const at = (minutes: number) => startUs + minutes * minuteUs;
  return [
    { what: 'one symbol', filter: { symbols: ['IBM'] }, passes: ({ symbol }) => symbol === 'IBM' },
    { what: 'several symbols', filter: { symbols: ['SPY', 'BRK.B'] }, passes: ({ symbol }) => symbol === 'SPY' || symbol === 'BRK.B' },
    { what: 'an unknown symbol, so nothing,', filter: { symbols: ['NONE'] }, passes: () => false },
    { what: 'a market', filter: { market: 'binance/spot' }, passes: ({ market }) => market === 'binance/spot' },
    { what: 'from a time on, it included,', filter: { fromUs: at(20) }, passes: ({ timeUs }) => timeUs >= at(20) },
    { what: 'before a time', filter: { toUs: at(20) }, passes: ({ timeUs }) => timeUs < at(20) },
    { what: 'what was known at a time', filter: { asOfUs: at(20) }, passes: ({ timeUs }) => timeUs <= at(20) },
    {
      what: 'one maker',
      filter: { modelId: 'model@2', templateId: 'unary-1' },
      passes: ({ modelId, templateId }) => modelId === 'model@2' && templateId === 'unary-1',
    },
    {
      what: 'what is not near the moment of the question',
      filter: { exclude: { symbol: 'SPY', timeUs: at(8), seconds: 240 } },
      passes: ({ symbol, timeUs }) => symbol !== 'SPY' || Math.abs(timeUs - at(8)) >= 240 * secondUs,
    },
    {
      what: 'all of it together',
      filter: { symbols: ['SPY', 'IBM'], market: 'usa/equity', fromUs: at(3), toUs: at(30), asOfUs: at(25), modelId: 'model@1' },
      passes: ({ symbol, timeUs }) => (symbol === 'SPY' || symbol === 'IBM') && timeUs >= at(3) && timeUs <= at(25),
    },
  ];
}

async function allRows(store: VectorStore, filter?: VectorFilter): Promise<EmbeddingRow[]> {
  const pieces: EmbeddingRow[] = [];
  for await (const piece of store.rows(filter)) pieces.push(...piece);
  return pieces;
}

function byKey(a: EmbeddingRow, b: EmbeddingRow): number {
  return order(a.symbol, b.symbol) || a.timeUs - b.timeUs || order(a.market, b.market);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function keyOf({ symbol, timeUs, market }: Pick<EmbeddingRow, 'symbol' | 'timeUs' | 'market'>): string {
  return `${symbol} ${timeUs} ${market}`;
}

function euclidean(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, index) => sum + (value - (b[index] ?? 0)) ** 2, 0));
}
