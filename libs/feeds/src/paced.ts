import type { TickBatch } from '@hindcast/market';
import type { Clock } from '@hindcast/ports';

export interface Pace {
  /** Seconds of the market a second of the clock: 1 is real time, 60 an hour a minute. */
  readonly speed: number;
  readonly clock: Clock;
  /** Resolves after so many milliseconds, or rejects when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<unknown>;
  readonly signal?: AbortSignal;
}

/** Hands each batch out when its newest row is due, counted from the first row of the first batch. */
export async function* paced<Batch extends TickBatch>(
  feed: AsyncIterable<Batch>,
  { speed, clock, sleep, signal }: Pace,
): AsyncGenerator<Batch> {
  let firstEventUs: number | undefined;
  const startedUs = clock.nowUs();
  for await (const batch of feed) {
    const { fromUs, toUs } = eventSpan(batch);
    if (toUs !== undefined) {
      firstEventUs ??= fromUs ?? toUs;
      const waitMs = (startedUs + (toUs - firstEventUs) / speed - clock.nowUs()) / 1000;
      if (waitMs >= 1) await sleep(waitMs, signal);
    }
    yield batch;
  }
}

/** Marks wait for nothing: a day's end need not be sat out. */
function eventSpan({ trades, quotes }: TickBatch): { readonly fromUs?: number; readonly toUs?: number } {
  const firsts = [trades, quotes].filter(({ length }) => length > 0).map(({ timeUs }) => timeUs[0]);
  const lasts = [trades, quotes].filter(({ length }) => length > 0).map(({ timeUs, length }) => timeUs[length - 1]);
  return firsts.length === 0 ? {} : { fromUs: Math.min(...firsts), toUs: Math.max(...lasts) };
}
