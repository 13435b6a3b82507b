import fc from 'fast-check';
import { admit, type Admission } from './admission.js';
import { emptyAdmissionState, type AdmissionState } from './admission-state.js';
import { decodeLoggedBatch, encodeLoggedBatch } from './codec/logged-batch-codec.js';
import { quoteColumns, tradeColumns, type QuoteFields, type TradeFields } from './column-builders.js';
import { textAt, wordAt, type QuoteColumns, type TradeColumns } from './columns.js';
import { IdentityMemory } from './identity-memory.js';
import { joinBatches } from './join-batches.js';
import { KnownTicks } from './known-ticks.js';
import { positionsOf, type LoggedBatch, type TickBatch } from './tick-batch.js';

const startUs = 1_381_152_600_000_000;
const nowUs = startUs + 86_400_000_000;
const origin = { source: 'test', receivedAtUs: nowUs };

interface Row {
  readonly kind: 'trade' | 'quote';
  readonly timeUs: number;
  readonly symbol: string;
  readonly exchange: string;
  readonly id: string;
  readonly price: number;
}

/** Often late, often there already, in this request or one before, sometimes with another price, sometimes not to be taken. */
const arbitraryRow: fc.Arbitrary<Row> = fc.record({
  kind: fc.constantFrom('trade', 'trade', 'quote'),
  timeUs: fc.integer({ min: 0, max: 12 }).map((second) => startUs + second * 1_000_000),
  symbol: fc.constantFrom('SPY', 'IBM', 'BTC-USDT', 'spy'),
  exchange: fc.constantFrom('P', '', 'Q'),
  id: fc.integer({ min: 0, max: 20 }).map((id) => '7'.repeat(1 + (id % 5)) + String(id)),
  price: fc.constantFrom(100, 100, 101, 99, -1),
});

function requestOf(rows: readonly Row[]): TickBatch {
  const placed = rows.map((row, position) => ({ ...row, market: 'usa/equity', conditions: '', position }));
  const trades: TradeFields[] = placed.filter(({ kind }) => kind === 'trade').map((row) => ({ ...row, size: 10, side: 0 }));
  const quotes: QuoteFields[] = placed
    .filter(({ kind }) => kind === 'quote')
    .map(({ price, ...row }) => ({ ...row, bid: price, bidSize: 1, ask: NaN, askSize: NaN }));
  return { ...origin, slackUs: 0, trades: tradeColumns(trades, origin), quotes: quoteColumns(quotes, origin), marks: [], rejected: [] };
}

/** Admits one request after the other; `startsBatch` says which ones do not go on where the one before ended. */
function admitAll(requests: readonly TickBatch[], startsBatch: (at: number) => boolean) {
  const memory = new IdentityMemory({ rowsMax: 1_000 });
  const parts: LoggedBatch[] = [];
  const answers: object[] = [];
  let state: AdmissionState = emptyAdmissionState;
  let newest = { number: 0, positions: 0 };
  for (const [at, request] of requests.entries()) {
    const place =
      startsBatch(at) || newest.number === 0 ? { number: newest.number + 1 } : { number: newest.number, firstPosition: newest.positions };
    const holder = (number: number, sequence: number): LoggedBatch =>
      parts.findLast((part) => part.number === number && sequencesOf(part)[0] <= sequence)!;
    const known = new KnownTicks(memory, { ...place, ...request }, holder);
    const admission = admit(state, request, { ...place, nowUs, limits: { maxAheadUs: 0, priceBands: new Map() }, known });
    state = admission.state;
    answers.push(answerOf(admission, place.firstPosition ?? 0));
    if (!admission.hasContent) continue;
    parts.push(admission.batch);
    newest = { number: place.number, positions: (place.firstPosition ?? 0) + positionsOf(request) };
  }
  return { answers, parts, instruments: [...state.instruments.values()] };
}

function answerOf({ counts, cells, batch }: Admission, firstPosition: number): object {
  return { counts, cells, rejected: batch.rejected.map((row) => ({ ...row, position: row.position - firstPosition })) };
}

function sequencesOf({ trades, quotes }: LoggedBatch): number[] {
  return [...trades.sequence, ...quotes.sequence].sort((a, b) => a - b);
}

/** The batches of the log, as it gives them back. */
function loggedOf(parts: readonly LoggedBatch[]): readonly LoggedBatch[] {
  const numbers = [...new Set(parts.map(({ number }) => number))];
  return numbers.map((number) => decodeLoggedBatch(encodeLoggedBatch(joinBatches(parts.filter((part) => part.number === number)))));
}

/** All of the rows but where they stand. */
function contentOf(batches: readonly LoggedBatch[]): object {
  return {
    trades: batches.flatMap(({ trades }) => rowsOf(trades, ['timeUs', 'price', 'size', 'side', 'sideInferred', 'late'])),
    quotes: batches.flatMap(({ quotes }) => rowsOf(quotes, ['timeUs', 'bid', 'bidSize', 'ask', 'askSize'])),
    rejected: batches.flatMap(({ rejected }) => rejected.map(({ position: _position, ...row }) => row)),
  };
}

function rowsOf<Columns extends TradeColumns | QuoteColumns>(columns: Columns, numbers: readonly (keyof Columns)[]): object[] {
  return Array.from({ length: columns.length }, (_, row) => ({
    id: textAt(columns.id, row),
    words: [columns.symbol, columns.market, columns.exchange, columns.source, columns.conditions].map((words) => wordAt(words, row)),
    numbers: numbers.map((name) => (columns[name] as Float64Array)[row]),
  }));
}

test('whichever requests share a batch, the rows, the states and the answer of each are the same', () => {
  const requests = fc.array(fc.array(arbitraryRow, { minLength: 1, maxLength: 12 }).map(requestOf), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(requests, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (sent, starts) => {
      const alone = admitAll(sent, () => true);
      const shared = admitAll(sent, (at) => starts[at]);
      expect(shared.answers).toEqual(alone.answers);
      expect(shared.instruments).toEqual(alone.instruments);
      const logged = loggedOf(shared.parts);
      expect(contentOf(logged)).toEqual(contentOf(loggedOf(alone.parts)));
      for (const { trades, quotes } of logged)
        for (const { sequence } of [trades, quotes]) expect([...sequence]).toEqual([...new Set(sequence)].sort((a, b) => a - b));
      const everySequence = logged.flatMap(sequencesOf);
      expect(new Set(everySequence).size).toBe(everySequence.length);
      const everyPlace = logged.flatMap(({ number, rejected }) => rejected.map(({ position }) => `${number} ${position}`));
      expect(new Set(everyPlace).size).toBe(everyPlace.length);
    }),
    { numRuns: 300 },
  );
});

test('a batch of one part is that part', () => {
  const { parts } = admitAll([requestOf([{ kind: 'trade', timeUs: startUs, symbol: 'SPY', exchange: '', id: '1', price: 1 }])], () => true);
  expect(joinBatches(parts)).toBe(parts[0]);
});
