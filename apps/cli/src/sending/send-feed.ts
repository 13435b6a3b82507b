import { HindcastError } from '@hindcast/contracts';
import { paced, type FileBatch } from '@hindcast/feeds';
import type { GrpcPusher, PushAck } from '@hindcast/log-grpc';
import { ProgressDisplay } from '../format/progress.js';
import { whole } from '../format/quantities.js';
import type { Terminal } from '../terminal.js';
import type { SendPositions } from './position.js';
import { SendTally } from './tally.js';

/** Files in one order. */
export interface SendableFeed extends AsyncIterable<FileBatch> {
  /** 0 to 1: what is done once so many rows of the order are acknowledged. */
  partDone(rowsAcknowledged: number): number;
}

/** Told of each batch once it is on disk. */
export type WatchAcknowledged = (batch: FileBatch, ack: PushAck) => void | Promise<void>;

export interface SendFeedParts {
  readonly feed: SendableFeed;
  readonly pusher: Pick<GrpcPusher, 'pushAll'>;
  readonly positions: Pick<SendPositions, 'save'>;
  readonly terminal: Terminal;
  readonly speed: number;
  /** Rows of the merged order that an earlier run got acknowledged. */
  readonly startRow: number;
  readonly onAcknowledged?: WatchAcknowledged;
  readonly besideBytes?: () => number;
}

export interface SendFeedResult {
  readonly tally: SendTally;
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
export async function sendFeed({ feed, onAcknowledged, besideBytes, ...parts }: SendFeedParts): Promise<SendFeedResult> {
  const { pusher, positions, terminal, speed, startRow } = parts;
  const { clock, signal } = terminal;
  const tally = new SendTally();
  const display = new ProgressDisplay(terminal);
  const startedUs = clock.nowUs();
  let rows = startRow;
  let streamId = '';
  let written = besideBytes && { besideBytes: besideBytes() };
  let savedUs = startedUs;
  let startPart: number | undefined;
  let isTold = false;
  // Without a position nothing is lost: the replay would begin anew, and what is sent again is recognised.
  const keep = async (): Promise<void> => {
    await positions.save({ rows, streamId, ...written }).catch((error: unknown) => {
      if (!isTold) terminal.note(`the position is not kept, whatever is interrupted begins anew: ${(error as Error).message}`);
      isTold = true;
    });
  };
  const elapsedSeconds = (): number => (clock.nowUs() - startedUs) / 1_000_000;
  const source = speed === Infinity ? feed : paced(feed, { speed, clock, sleep: (ms, until) => terminal.sleep(ms, until), signal });
  try {
    for await (const { batch, ack } of pusher.pushAll(untilStopped(source, signal))) {
      tally.add(batch, ack);
      await onAcknowledged?.(batch, ack);
      // Of a group of batches the last alone moves the position; what was written of the others belongs behind it until then.
      if (batch.throughRow !== rows) written = besideBytes && { besideBytes: besideBytes() };
      rows = batch.throughRow;
      streamId = ack.streamId;
      const part = feed.partDone(rows);
      startPart ??= startRow > 0 ? part : 0;
      display.show({ rows: tally.received, part, elapsedSeconds: elapsedSeconds(), startPart });
      if (clock.nowUs() - savedUs < saveIntervalUs) continue;
      savedUs = clock.nowUs();
      await keep();
    }
  } catch (error) {
    if (rows > startRow) await keep();
    if (!(error instanceof HindcastError && error.code === 'LOG_REPLACED')) terminal.note(stoppedNote(rows));
    throw error;
  }
  // At the very end as well: whoever stops the waiting that follows need not send everything again.
  if (rows > startRow) await keep();
  return { tally, finished: !signal.aborted, rows, elapsedSeconds: elapsedSeconds() };
}

/** Where a run ended that was not through. */
export function stoppedNote(rows: number): string {
  return `Stopped after row ${whole(rows)}. The same command goes on there.`;
}

/** Ends where the signal aborts, in the middle of a wait as well; what was handed out before stays valid. */
async function* untilStopped(feed: AsyncIterable<FileBatch>, signal: AbortSignal): AsyncGenerator<FileBatch> {
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
