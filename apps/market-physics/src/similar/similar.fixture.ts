import { minuteUs, secondUs, usFromIso } from '@hindcast/contracts';
import { usEquities, type Instrument, type SecondBar } from '@hindcast/market';
import { MomentColumns, MomentRecorder, defaultWeights, fitMemory, parseHorizon, type MemoryDefinition } from '@hindcast/memory';
import type { BarRow, Clock, InstrumentSummary, MomentStore, TickRange, TickReader } from '@hindcast/ports';
import { HeldMoments, seededRandom } from '@hindcast/testing';
import { SimilarMoments, type SimilarParts } from './similar-moments.js';
import { parseSimilarRequest } from './similar-request.js';

/** Two instruments' mornings as a memory, and the service that answers from it: what specs of answers ask. */

export const market = 'usa/equity';
export const days = ['2013-10-07', '2013-10-08', '2013-10-09'] as const;
export const later = ['2013-10-10', '2013-10-11'] as const;
export const horizons = ['1m', '5m', '15m', 'end_of_day', 'next_day'].map(parseHorizon);
const stateIntervalMs = 60_000;
const secondsADay = 6_000;
const symbols = ['AAA', 'BBB'] as const;

export function timeOf(text: string): number {
  const timeUs = usFromIso(text);
  if (timeUs === undefined) throw new Error(`${text} is no time`);
  return timeUs;
}

/** A walk whose volatility breathes; about a third of the seconds have no trade. */
function barsOf(day: string, place: number): readonly SecondBar[] {
  const next = seededRandom(timeOf(day) / 86_400_000_000 + 1_000 * place);
  let logPrice = Math.log(50 + 10 * place);
  const openUs = timeOf(`${day}T13:30:00Z`);
  return Array.from({ length: secondsADay }, (_, second) => {
    logPrice += 1e-4 * (1.2 + Math.sin(second / 500 + place)) * (next() + next() + next() - 1.5);
    const price = Math.exp(logPrice);
    const volume = 1 + Math.floor(next() * 500);
    const sums = {
      volume,
      notional: price * volume,
      signedVolume: Math.round((2 * next() - 1) * volume),
      trades: 1 + Math.floor(next() * 4),
    };
    return { startUs: openUs + second * secondUs, open: price, high: price, low: price, close: price, ...sums };
  }).filter(() => next() > 0.33);
}

export function recordedMoments(recordedDays: readonly string[]): MomentColumns {
  const columns = new MomentColumns(horizons);
  symbols.forEach((symbol, place) => {
    const recorder = new MomentRecorder({ instrument: { market, symbol }, calendar: usEquities, stateIntervalMs, columns });
    for (const day of recordedDays) for (const bar of barsOf(day, place)) recorder.append(bar);
    recorder.advance(timeOf('2013-10-12'));
  });
  return columns;
}

export const knownAtUs = timeOf('2013-10-09');

const moments = recordedMoments(days);
const fit = fitMemory(moments, { id: 'test', fromUs: 0, toUs: knownAtUs, weights: defaultWeights, search: 'keep' });

/** Fitted on the first two days. */
export function fittedMemory(id = 'test'): MemoryDefinition {
  return { id, signature: fit.version, stateIntervalMs, horizons, errors: fit.errors, knownAtUs, skill: null };
}

/** `store` with a memory of these days in use. */
export async function remember<Store extends MomentStore>(
  store: Store,
  definition: MemoryDefinition,
  moments: MomentColumns,
): Promise<Store> {
  await store.ensureTables();
  await store.create(definition);
  await store.upsert(
    definition.id,
    moments,
    Int32Array.from({ length: moments.length }, (_, row) => row),
  );
  await store.use(definition.id);
  return store;
}

/** One-minute bars of the same walk. */
export class WalkBars implements Pick<TickReader, 'bars' | 'instruments'> {
  readonly #byInstrument = new Map<string, readonly BarRow[]>();
  #untilUs = Infinity;

  /** Without the trades from a time on: the bar that it lies in ends early. */
  until(timeUs: number): this {
    this.#untilUs = timeUs;
    return this;
  }

  constructor(recordedDays: readonly string[]) {
    symbols.forEach((symbol, place) => {
      this.#byInstrument.set(
        symbol,
        recordedDays.flatMap((day) => minuteBars({ market, symbol }, barsOf(day, place))),
      );
    });
  }

  async instruments(): Promise<readonly InstrumentSummary[]> {
    return [...this.#byInstrument].map(([symbol, bars]) => {
      const [firstUs, lastUs] = [bars[0].startUs, bars[bars.length - 1].startUs];
      return { market, symbol, table: 'trades', firstUs, lastUs, firstSequence: 0, rows: bars.length, days: [] };
    });
  }

  async *bars({ symbol, fromUs, toUs }: TickRange): AsyncIterable<readonly BarRow[]> {
    yield (this.#byInstrument.get(symbol) ?? []).filter(({ startUs }) => startUs >= fromUs && startUs < Math.min(toUs, this.#untilUs));
  }
}

function minuteBars(instrument: Instrument, seconds: readonly SecondBar[]): readonly BarRow[] {
  const byMinute = Map.groupBy(seconds, ({ startUs }) => Math.floor(startUs / minuteUs) * minuteUs);
  return [...byMinute].map(([startUs, bars]) => {
    const { open } = bars[0];
    const { close } = bars[bars.length - 1];
    const volume = bars.reduce((sum, bar) => sum + bar.volume, 0);
    return {
      ...instrument,
      startUs,
      open,
      high: open,
      low: open,
      close,
      volume,
      vwap: close,
      buyVolume: 0,
      sellVolume: 0,
      trades: bars.length,
    };
  });
}

const walkBars = new WalkBars([...days, ...later]);

/** Stands still unless it is told to move. */
export const clock: Clock = { nowUs: () => timeOf('2026-01-01') };

export function answering(memories: MomentStore, parts: Partial<SimilarParts> = {}): SimilarMoments {
  const states: SimilarParts['states'] = {
    find: () => Promise.reject(new Error('no state is asked for where the market is named')),
  };
  const vectors: SimilarParts['vectors'] = { search: () => Promise.reject(new Error('no text is asked for')) };
  return new SimilarMoments({
    states,
    embedder: undefined,
    vectors,
    moments: memories,
    store: walkBars,
    embedIntervalMs: 60_000,
    clock,
    ...parts,
  });
}

export function ask(service: SimilarMoments, body: object) {
  return service.find(parseSimilarRequest(body), new AbortController().signal);
}

export async function heldMemory(): Promise<HeldMoments> {
  return remember(new HeldMoments(), fittedMemory(), moments);
}
