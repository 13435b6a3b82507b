import fc from 'fast-check';
import { admit } from './admission.js';
import { emptyAdmissionState, type AdmissionState } from './admission-state.js';
import { emptyQuotes } from './codec/logged-batch-codec.js';
import { clocksAfter } from './clocks.js';
import { tradeColumns, type TradeFields } from './column-builders.js';
import { textAt, wordAt, type TradeColumns } from './columns.js';
import { cutBatch } from './cut-batch.js';
import { IdentityMemory } from './identity-memory.js';
import { KnownTicks } from './known-ticks.js';
import { batchRowsMax, type LoggedBatch, type TickBatch } from './tick-batch.js';

const startUs = 1_381_152_600_000_000;
const nowUs = startUs + 86_400_000_000;
const origin = { source: 'test', receivedAtUs: nowUs };

/** Arrivals that are often late, often a duplicate, a conflict or not to be taken, in two instruments. */
const arbitraryTrade: fc.Arbitrary<Omit<TradeFields, 'position'>> = fc
  .record({
    second: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 12 }) }, { weight: 1, arbitrary: fc.constant(8_000) }),
    fractionUs: fc.constantFrom(0, 1, 250_000, 999_999),
    symbol: fc.constantFrom('SPY', 'IBM', 'spy'),
    market: fc.constant('usa/equity'),
    exchange: fc.constantFrom('P', ''),
    id: fc.integer({ min: 0, max: 40 }).map(String),
    conditions: fc.constantFrom('', 'x'),
    price: fc.constantFrom(100, 100, 101, 99, -1),
    size: fc.constant(10),
    side: fc.constantFrom(0, 0, 1, 2),
  })
  .map(({ second, fractionUs, ...fields }) => ({ ...fields, timeUs: startUs + second * 1_000_000 + fractionUs }));

function batchOf(rows: readonly Omit<TradeFields, 'position'>[], slackUs: number): TickBatch {
  return {
    ...origin,
    slackUs,
    trades: tradeColumns(
      rows.map((row, position) => ({ ...row, position })),
      origin,
    ),
    quotes: emptyQuotes,
    marks: [],
    rejected: [],
  };
}

function admitAll(batches: readonly TickBatch[]) {
  const memory = new IdentityMemory({ rowsMax: 1_000 });
  const logged = new Map<number, LoggedBatch>();
  let state: AdmissionState = emptyAdmissionState;
  let duplicate = 0;
  for (const batch of batches) {
    const number = logged.size + 1;
    const known = new KnownTicks(memory, { number, ...batch }, (wanted) => logged.get(wanted)!);
    const admission = admit(state, batch, { number, nowUs, limits: { maxAheadUs: 0, priceBands: new Map() }, known });
    state = admission.state;
    duplicate += admission.counts.trades.duplicate;
    if (admission.hasContent) logged.set(number, admission.batch);
  }
  const all = [...logged.values()];
  return {
    trades: all.flatMap(({ trades }) => decided(trades)),
    rejected: all.flatMap(({ rejected }) => rejected.map(({ position: _position, ...row }) => row)),
    duplicate,
    instruments: [...state.instruments.values()],
    sequences: all.flatMap(({ trades }) => [...trades.sequence]),
    clocks: new Map(clocksAfter(all).map(({ symbol, timeUs }) => [symbol, timeUs])),
  };
}

/** All that admission decides or passes on, but where in a batch it stood and when it came. */
function decided(trades: TradeColumns): object[] {
  const words = ['symbol', 'market', 'exchange', 'source', 'conditions'] as const;
  const numbers = ['timeUs', 'price', 'size', 'side', 'sideInferred', 'late'] as const;
  return Array.from({ length: trades.length }, (_, row) => ({
    id: textAt(trades.id, row),
    ...Object.fromEntries(words.map((name) => [name, wordAt(trades[name], row)])),
    ...Object.fromEntries(numbers.map((name) => [name, trades[name][row]])),
  }));
}

function cut<Row>(rows: readonly Row[], lengths: readonly number[]): Row[][] {
  const pieces: Row[][] = [];
  let from = 0;
  for (const length of lengths) {
    if (from >= rows.length) break;
    pieces.push(rows.slice(from, from + length));
    from += length;
  }
  return from < rows.length ? [...pieces, rows.slice(from)] : pieces;
}

test('any cutting of the same order into batches gives the same trades, sides and late flags', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(arbitraryTrade, { maxLength: 80 }), lengths, fc.constantFrom(0, 250_000), (rows, pieces, slackUs) => {
      const { sequences, clocks: _clocks, ...whole } = admitAll([batchOf(rows, slackUs)]);
      const { sequences: cutSequences, clocks, ...inPieces } = admitAll(cut(rows, pieces).map((piece) => batchOf(piece, slackUs)));
      expect(inPieces).toEqual(whole);
      // The logged batches alone tell where admission's clocks stand.
      expect(clocks).toEqual(
        new Map(whole.instruments.filter(({ clockUs }) => clockUs >= 0).map(({ symbol, clockUs }) => [symbol, clockUs])),
      );
      for (const rising of [sequences, cutSequences]) expect(rising).toEqual([...new Set(rising)].sort((a, b) => a - b));
    }),
    { numRuns: 200 },
  );
});

describe('a request with more positions than a batch has', () => {
  const mark = { market: 'usa/equity', symbol: 'SPY', timeUs: startUs };
  const row = (position: number): TradeFields => ({
    timeUs: startUs + position,
    symbol: `S${position % 3}`,
    market: 'usa/equity',
    exchange: 'P',
    id: String(position),
    conditions: '',
    price: 1,
    size: 1,
    side: 0,
    position,
  });
  const rejection = (position: number) => ({
    table: 'trades' as const,
    position,
    code: 'ROW_INVALID' as const,
    field: '',
    message: '',
    text: '',
  });

  it('becomes several, with every row, mark and rejected row once and in its place', () => {
    const positions = [0, 5, batchRowsMax - 1, batchRowsMax, batchRowsMax + 7, 3 * batchRowsMax + 2];
    const trades = tradeColumns(positions.map(row), origin);
    const whole: TickBatch = { ...batchOf([], 0), trades, marks: [mark], rejected: [rejection(3), rejection(batchRowsMax + 1)] };
    const pieces = cutBatch(whole);
    expect(pieces.map((piece) => [...piece.trades.sequence])).toEqual([[0, 5, batchRowsMax - 1], [0, 7], [], [2]]);
    expect(pieces.flatMap((piece) => decided(piece.trades))).toEqual(decided(trades));
    expect(pieces.map(({ marks }) => marks.length)).toEqual([0, 0, 0, 1]);
    expect(pieces.map(({ rejected }) => rejected.map(({ position }) => position))).toEqual([[3], [1], [], []]);
  });

  it('stays as it is where it fits', () => {
    const whole = { ...batchOf([], 0), trades: tradeColumns([row(batchRowsMax - 1)], origin) };
    expect(cutBatch(whole)).toEqual([whole]);
  });
});
