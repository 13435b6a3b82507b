import { isoFromUs, secondUs, hourUs } from '@hindcast/contracts';
import type { TickBatch } from '@hindcast/market';
import { noGaps, type Feed, type FeedWorld, type SourceStatus } from '../feed.js';
import { SimulatedMarket } from './simulated-market.js';
import type { SimulatedSymbol } from './simulated-symbol.js';

export interface SimulatorOptions {
  readonly name: string;
  readonly seed: number;
  readonly market: string;
  readonly symbols: readonly SimulatedSymbol[];
  /** History is made from here on, as fast as it is taken, up to the clock; then the feed goes on with the clock. */
  readonly fromUs: number;
  /** A feed that was away for longer goes on here: what nobody recorded was not, and is not made up for. */
  readonly resumeFromUs?: number | undefined;
  /** The feed ends here; without it, never. */
  readonly toUs?: number | undefined;
  readonly batchRows: number;
}

/** What has happened is handed out so often, in slices on the epoch's grid. */
const sliceUs = 100_000;
/** Further behind the clock than this it is history, and an hour's marks are enough. */
const behindUs = 10 * secondUs;

/**
 * The simulator as a feed. Its ticks are those of the clock's own time, so it can be stopped and started, or the process
 * with it, and goes on with what would have happened meanwhile.
 */
export function simulatorFeed(options: SimulatorOptions, world: FeedWorld): Feed {
  const progress = { state: 'connecting' as SourceStatus['state'], nowUs: options.fromUs, lastUs: null as number | null };
  return {
    name: options.name,
    kind: 'simulator',
    status: () => statusOf(options, progress, world.clock.nowUs()),
    position: () => ({ nowUs: progress.nowUs }),
    resume: ({ nowUs }) => {
      progress.nowUs = Math.max(nowUs ?? progress.nowUs, options.resumeFromUs ?? options.fromUs);
    },
    [Symbol.asyncIterator]: () => batchesOf(options, progress, world),
  };
}

interface Progress {
  state: SourceStatus['state'];
  /** All that happened before was handed out. */
  nowUs: number;
  lastUs: number | null;
}

async function* batchesOf(options: SimulatorOptions, progress: Progress, world: FeedWorld): AsyncGenerator<TickBatch> {
  const { toUs = Infinity } = options;
  const { clock, sleep } = world;
  const market = new SimulatedMarket({ ...options, fromUs: progress.nowUs });
  progress.state = 'live';
  while (market.nowUs < toUs) {
    const nextUs = Math.floor(market.nowUs / sliceUs + 1) * sliceUs;
    const dueUs = Math.min(toUs, Math.max(nextUs, Math.floor(clock.nowUs() / sliceUs) * sliceUs));
    const aheadUs = dueUs - clock.nowUs();
    if (aheadUs > 0) await sleep(Math.ceil(aheadUs / 1_000));
    market.markEvery(dueUs - market.nowUs > behindUs ? hourUs : secondUs);
    for (let batch = market.take(dueUs, clock.nowUs()); batch; batch = market.take(dueUs, clock.nowUs())) {
      progress.lastUs = clock.nowUs();
      yield batch;
      progress.nowUs = market.nowUs;
    }
  }
  yield market.end(clock.nowUs());
  progress.state = 'ended';
}

function statusOf({ seed }: SimulatorOptions, { state, nowUs, lastUs }: Progress, clockUs: number): SourceStatus {
  const isBehind = clockUs - nowUs > behindUs && state === 'live';
  return {
    state,
    lastMessageUs: lastUs,
    lagMs: lastUs === null ? null : Math.max(0, Math.round((clockUs - nowUs) / 1_000)),
    clockSkewMs: 0,
    reconnects: 0,
    gaps: noGaps,
    detail: `simulated, seed ${seed}${isBehind ? `; making history, now at ${isoFromUs(nowUs)}` : ''}`,
    symbols: [],
  };
}
