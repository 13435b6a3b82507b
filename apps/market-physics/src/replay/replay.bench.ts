/**
 * What a replay costs: `node apps/market-physics/dist/replay/replay.bench.js [--full]` prints the states a second that a
 * replay tells at `max`, beside a rebuild of the same trades that keeps nothing, and the time of a seek, each as a line of
 * JSON for `npm run bench`. Store and bus are in memory, so that what is measured is ours.
 */
import { HindcastError, replayChannel, secondUs } from '@hindcast/contracts';
import { tradeColumns, type TradeColumns, type TradeFields } from '@hindcast/market';
import type { Bus, TickStore } from '@hindcast/ports';
import { rebuildInstrument } from '../rebuild.js';
import { realPacing } from './pacing.js';
import { Replay } from './replay.js';

const full = process.argv.includes('--full');
const seconds = full ? 60_000 : 6_000;
const tradesPerSecond = 4;
const pieceRows = 32_768;
const startUs = 1_381_152_600 * secondUs;
const endUs = startUs + (seconds - 1) * secondUs;
const instrument = { market: 'bench/walk', symbol: 'ONE' };
const stateIntervalMs = 1_000;

/** A walk of cents from a fixed linear congruential generator (Numerical Recipes): every run folds the same trades. */
function walk(): TradeFields[] {
  let seed = 7;
  const next = (): number => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  let cents = 16_800;
  return Array.from({ length: seconds * tradesPerSecond }, (_, position): TradeFields => {
    cents += Math.floor(next() * 3) - 1;
    const timeUs = startUs + Math.floor((position * secondUs) / tradesPerSecond + next() * 200_000);
    const words = { ...instrument, exchange: 'P', id: String(position), conditions: '' };
    return { ...words, timeUs, price: cents / 100, size: 1 + Math.floor(next() * 500), side: 0, position };
  });
}

const trades = walk();
const pieces: { readonly firstUs: number; readonly lastUs: number; readonly columns: TradeColumns }[] = [];
for (let from = 0; from < trades.length; from += pieceRows) {
  const rows = trades.slice(from, from + pieceRows);
  const columns = tradeColumns(rows, { source: 'bench', receivedAtUs: startUs });
  pieces.push({ firstUs: rows[0].timeUs, lastUs: rows[rows.length - 1].timeUs, columns });
}

/** Whole pieces: a little more than was asked for is what every store reads. */
const store = {
  async *trades({ fromUs, toUs }) {
    for (const { firstUs, lastUs, columns } of pieces) if (lastUs >= fromUs && firstUs < toUs) yield columns;
  },
  newestStates: () => Promise.resolve([]),
  newestTrades: () => Promise.resolve([{ timeUs: endUs, sequence: 0, price: 1 }]),
} satisfies Pick<TickStore, 'trades' | 'newestStates' | 'newestTrades'>;

function replayOn(bus: Pick<Bus, 'publish'>): Replay {
  const plan = { id: 'bench', symbols: ['ONE'], market: undefined, mode: 'live' as const, fromUs: startUs, toUs: endUs };
  const events = { told: () => undefined, failed: (_id: string, error: unknown) => console.error(error) };
  return new Replay({ ...plan, instruments: [{ ...instrument, endUs }] }, 'max', {
    store,
    bus,
    pacing: realPacing,
    stateIntervalMs,
    events,
  });
}

async function statesOfRebuild(): Promise<number> {
  const signal = new AbortController().signal;
  let states = 0;
  const keep = async (made: readonly object[]): Promise<void> => void (states += made.length);
  const started = performance.now();
  const target = { ...instrument, closedThroughUs: endUs, newestSequence: 0 };
  await rebuildInstrument(
    target,
    { mode: 'live', fromUs: startUs, toUs: endUs },
    { store, stateIntervalMs, signal, keep, onProgress: () => undefined },
  );
  return rate(states, started);
}

async function statesOfReplay(): Promise<number> {
  const channel = replayChannel('bench');
  const ended = Promise.withResolvers<void>();
  let states = 0;
  const replay = replayOn({
    publish: async (messages) => {
      for (const { channel: told, payload } of messages) {
        if (told !== channel) throw new HindcastError('INTERNAL', `a message on ${told}`);
        if (String(payload).includes('"state":"ended"')) ended.resolve();
        else if (String(payload).startsWith('{"event":"PHYSICS_UPDATE"')) states += 1;
      }
    },
  });
  await replay.open();
  const started = performance.now();
  await replay.resume();
  await ended.promise;
  return rate(states, started);
}

/** To the middle, and the first state after it: an hour and more of trades is folded anew. */
async function msOfSeek(): Promise<number> {
  const replay = replayOn({ publish: () => Promise.resolve() });
  await replay.open();
  const started = performance.now();
  await replay.seek(startUs + Math.floor(seconds / 2) * secondUs);
  await replay.step({ states: 1 });
  return performance.now() - started;
}

function rate(states: number, started: number): number {
  if (states !== seconds - 1) throw new Error(`${seconds} seconds of trades made ${states} states`);
  return (states * 1_000) / (performance.now() - started);
}

await statesOfRebuild();
await statesOfReplay();
const [theirs, ours] = [await statesOfRebuild(), await statesOfReplay()];
console.log(JSON.stringify({ metric: 'states told at max, beside a rebuild that keeps nothing', ours, theirs, unit: 'states/s' }));
console.log(JSON.stringify({ metric: 'seek to the first state', ours: await msOfSeek(), unit: 'ms', better: 'less' }));
