import { HindcastError } from '@hindcast/contracts';
import { paced, type LeanFeed } from '@hindcast/feeds';
import type { GrpcPusher } from '@hindcast/log-grpc';
import { rowsOf, type TickBatch } from '@hindcast/market';
import { ProgressDisplay } from '../format/progress.js';
import type { Terminal } from '../terminal.js';
import type { ReplayPositions } from './replay-position.js';
import { ReplayTally } from './replay-tally.js';

export interface ReplayRunParts {
  readonly feed: LeanFeed;
  readonly pusher: Pick<GrpcPusher, 'pushAll'>;
  readonly positions: Pick<ReplayPositions, 'save'>;
  readonly terminal: Terminal;
  readonly speed: number;
  /** Rows of the merged order that an earlier run got acknowledged. */
  readonly startRow: number;
}

export interface ReplayRunResult {
  readonly tally: ReplayTally;
  /** False where it was stopped. */
  readonly finished: boolean;
  /** Rows of the merged order that are acknowledged now. */
  readonly rows: number;
  readonly elapsedSeconds: number;
}

const saveIntervalUs = 1_000_000;

/**
 * Sends the feed and adds up what comes back. Told to stop, it sends nothing more, waits for the batches under way, and
 * leaves its position behind.
 */
export async function runReplay({ feed, pusher, positions, terminal, speed, startRow }: ReplayRunParts): Promise<ReplayRunResult> {
  const { clock, signal } = terminal;
  const tally = new ReplayTally();
  const display = new ProgressDisplay(terminal);
  const startedUs = clock.nowUs();
  let rows = startRow;
  let streamId = '';
  let savedUs = startedUs;
  let startPart: number | undefined;
  let isTold = false;
  // Without a position nothing is lost: the replay would begin anew, and what is sent again is recognised.
  const keep = async (): Promise<void> => {
    await positions.save({ rows, streamId }).catch((error: unknown) => {
      if (!isTold) terminal.note(`the position is not kept, an interrupted replay begins anew: ${(error as Error).message}`);
      isTold = true;
    });
  };
  const elapsedSeconds = (): number => (clock.nowUs() - startedUs) / 1_000_000;
  const source = speed === Infinity ? feed : paced(feed, { speed, clock, sleep: (ms, until) => terminal.sleep(ms, until), signal });
  for await (const { batch, ack } of pusher.pushAll(untilStopped(source, signal))) {
    tally.add(batch, ack);
    rows += rowsOf(batch);
    streamId = ack.streamId;
    const part = partDone(feed, rows);
    startPart ??= startRow > 0 ? part : 0;
    display.show({ rows: tally.received, part, elapsedSeconds: elapsedSeconds(), startPart });
    if (clock.nowUs() - savedUs < saveIntervalUs) continue;
    savedUs = clock.nowUs();
    await keep();
  }
  // At the very end as well: whoever stops the waiting that follows need not send everything again.
  if (rows > startRow) await keep();
  return { tally, finished: !signal.aborted, rows, elapsedSeconds: elapsedSeconds() };
}

/** The feed has read ahead: of its bytes, as much is done as of its rows is acknowledged. */
function partDone(feed: LeanFeed, rowsAcknowledged: number): number {
  const { rows, bytesRead, bytesTotal } = feed.progress();
  return rows === 0 ? 0 : (bytesRead / bytesTotal) * Math.min(rowsAcknowledged / rows, 1);
}

/** Ends where the signal aborts, in the middle of a wait as well; what was handed out before stays valid. */
async function* untilStopped(feed: AsyncIterable<TickBatch>, signal: AbortSignal): AsyncGenerator<TickBatch> {
  try {
    for await (const batch of feed) {
      if (signal.aborted) return;
      yield batch;
    }
  } catch (error) {
    if (signal.aborted && !(error instanceof HindcastError)) return;
    throw error;
  }
}
