import { isoFromUs, secondUs, type MemoryJobDto } from '@hindcast/contracts';
import { instrumentKey, type Instrument } from '@hindcast/market';
import { baseMemory, parseHorizon, signatureSize, type MemoryDefinition, type MomentColumns } from '@hindcast/memory';
import type { MomentStore } from '@hindcast/ports';
import { HeldMoments, seededRandom, type QuoteRow, type TradeRow } from '@hindcast/testing';
import type { LivePath } from '../live-path.js';
import { MemoryTickStore } from '../memory-tick-store.fixture.js';
import { SteppingClock } from '../world.fixture.js';
import { MemoryJobs } from './memory-jobs.js';
import { MemoryKeeper } from './memory-keeper.worker.js';
import { FolderHere, type MomentFolder } from './moment-folder.js';

export const stock: Instrument = { market: 'usa/equity', symbol: 'SPY' };
export const coin: Instrument = { market: 'simulated/spot', symbol: 'BTC-USDT' };

/** As few as make every kind: in time, for days, over a rest. */
export const definition: MemoryDefinition = {
  ...baseMemory({ stateIntervalMs: 60_000, horizons: ['5m', '1h', 'end_of_day', 'next_day'].map(parseHorizon) }),
  id: 'tested',
};

export interface WalkedTrades {
  readonly instrument: Instrument;
  readonly fromUs: number;
  readonly toUs: number;
  readonly seed: number;
  /** On average. */
  readonly secondsBetween: number;
  /** Share of trades that came late. */
  readonly lateShare?: number;
}

/** A walk with silences, sides that are given or inferred, trades before and after sessions, and late ones. */
export function walkedTrades({ instrument, fromUs, toUs, seed, secondsBetween, lateShare = 0.01 }: WalkedTrades): TradeRow[] {
  const random = seededRandom(seed);
  const rows: TradeRow[] = [];
  let price = 100 + random() * 50;
  let sequence = 65_536;
  for (let timeUs = fromUs; timeUs < toUs;) {
    const isSilence = random() < 0.002;
    timeUs += Math.round(-Math.log(1 - random()) * secondsBetween * (isSilence ? 40 : 1) * secondUs);
    price *= 1 + (random() - 0.5) / 2_000;
    const side = random() < 0.5 ? 'B' : 'S';
    rows.push({
      ...instrument,
      timeUs,
      sequence: ++sequence,
      exchange: 'X',
      id: String(sequence),
      receivedAtUs: timeUs,
      source: 'test',
      conditions: '',
      price,
      size: 1 + Math.floor(random() * 20),
      side,
      sideInferred: random() < 0.5,
      late: random() < lateShare,
    });
  }
  return rows.filter(({ timeUs }) => timeUs < toUs);
}

/** Bids and asks one after the other, some at once, around a price of their own; with silences. */
export function walkedQuotes({ instrument, fromUs, toUs, seed, secondsBetween }: Omit<WalkedTrades, 'lateShare'>): QuoteRow[] {
  const random = seededRandom(seed);
  const rows: QuoteRow[] = [];
  let sequence = 65_536 * 100;
  for (let timeUs = fromUs; timeUs < toUs;) {
    const silence = random() < 0.005 ? 400 : 1;
    timeUs += Math.round(-Math.log(1 - random()) * secondsBetween * silence * secondUs);
    const bid = 100 + Math.floor(random() * 8) / 100;
    const ask = bid + Math.floor(random() * 5 + 1) / 100;
    const sides = Math.floor(random() * 3);
    rows.push({
      ...instrument,
      timeUs,
      sequence: ++sequence,
      exchange: 'X',
      id: String(sequence),
      receivedAtUs: timeUs,
      source: 'test',
      conditions: '',
      ...(sides === 1 ? { bid: NaN, bidSize: NaN } : { bid, bidSize: 1 + Math.floor(random() * 9) }),
      ...(sides === 2 ? { ask: NaN, askSize: NaN } : { ask, askSize: 1 + Math.floor(random() * 9) }),
    });
  }
  return rows.filter(({ timeUs }) => timeUs < toUs);
}

/** Stored trades, a live path that stands behind them, and a memory. */
export class MemoryWorld {
  readonly store = new MemoryTickStore();
  readonly clocks = new Map<string, Instrument & { readonly closedThroughUs: number; readonly newestSequence: number }>();
  readonly failures: string[] = [];
  readonly keeperStop = new AbortController();
  isLivePathBusy = (): boolean => false;

  constructor(readonly moments: MomentStore = new HeldMoments()) {
    this.store.pieceRows = 500;
  }

  readonly livePath: LivePath = {
    headNumber: 1,
    isFollowing: true,
    isThrough: () => true,
    targets: (symbols) => [...this.clocks.values()].filter(({ symbol }) => symbols?.includes(symbol) ?? true),
  };

  /** Trades and quotes before a time are in the store, and followed up to it. */
  show(trades: readonly TradeRow[], untilUs: number, quotes: readonly QuoteRow[] = []): void {
    const shown = trades.filter(({ timeUs }) => timeUs < untilUs);
    const known = new Set(this.store.tradeRows);
    this.store.tradeRows.push(...shown.filter((row) => !known.has(row)));
    const knownQuotes = new Set(this.store.quoteRows);
    this.store.quoteRows.push(...quotes.filter((row) => row.timeUs < untilUs && !knownQuotes.has(row)));
    this.store.sort();
    for (const [key, rows] of Map.groupBy(shown, (row) => instrumentKey(row))) {
      const { market, symbol } = rows[0];
      const newestSequence = Math.max(...rows.map(({ sequence }) => sequence));
      this.clocks.set(key, { market, symbol, closedThroughUs: untilUs, newestSequence });
    }
  }

  jobs(workers = 1, openFolder: () => MomentFolder = () => new FolderHere()): MemoryJobs {
    const { store, moments, livePath } = this;
    return new MemoryJobs({
      store,
      moments,
      livePath,
      workers,
      openFolder,
      clock: new SteppingClock(1_000),
      stallMaxMs: 1,
      onWritten: () => undefined,
      onEnd: (_report, error) => {
        if (error instanceof Error) this.failures.push(error.stack ?? error.message);
      },
    });
  }

  keeper(instrumentsMax = 10): MemoryKeeper {
    const { store, moments, livePath } = this;
    const parts = {
      store,
      moments,
      livePath,
      openFolder: () => new FolderHere(),
      clock: new SteppingClock(1_000),
      isLivePathBusy: () => this.isLivePathBusy(),
      isBusyWith: () => false,
      onWritten: () => undefined,
      onFailure: (error: Error) => void this.failures.push(error.message),
    };
    return new MemoryKeeper(parts, { keepIntervalMs: 1_000, instrumentsMax });
  }
}

export async function finished(jobs: MemoryJobs, { id }: MemoryJobDto): Promise<MemoryJobDto> {
  for (;;) {
    const report = jobs.get(id);
    if (report.state !== 'running') return report;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Every row with all that is known of it, as text: equal texts are equal bits. */
export async function rowsOf(moments: MomentStore, { id = definition.id, withoutFlags = 0 } = {}): Promise<readonly string[]> {
  const all = await moments.moments(id, {});
  return Array.from({ length: all.length }, (_, row) => rowText(all, row, withoutFlags));
}

/** The first rows that differ: thousands that do say no more. */
export function differences(rows: readonly string[], expected: readonly string[]): readonly (readonly (string | undefined)[])[] {
  const places = Array.from({ length: Math.max(rows.length, expected.length) }, (_, row) => row);
  return places
    .filter((row) => rows[row] !== expected[row])
    .slice(0, 2)
    .map((row) => [rows[row], expected[row]]);
}

function rowText(all: MomentColumns, row: number, withoutFlags: number): string {
  const outcomes = all.horizons.map(({ id }) => {
    const columns = all.outcomes(id)!;
    const { logReturn, volatility, highestGain, deepestLoss, volume, knownAtUs, marks } = columns;
    return [id, logReturn[row], volatility[row], highestGain[row], deepestLoss[row], volume[row], knownAtUs[row], marks[row]].join(' ');
  });
  return [
    instrumentKey(all.instruments[all.instrument[row]]),
    isoFromUs(all.timeUs[row]),
    all.day[row],
    all.logVolatility[row],
    all.volumeRate[row],
    all.mask[row],
    all.regime[row],
    all.flags[row] & ~withoutFlags,
    ...all.values.subarray(row * signatureSize, (row + 1) * signatureSize),
    ...outcomes,
  ].join(' | ');
}
