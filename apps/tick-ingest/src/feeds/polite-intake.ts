import type { FeedWorld, TickIntake } from '@hindcast/feeds/unattended';
import { secondUs } from '@hindcast/contracts';
import type { TickBatch } from '@hindcast/market';

/** Further behind the clock than this, ticks are history: nobody waits for them. */
const behindUs = 10 * secondUs;
/** A loop that is kept so long is not busy with us alone. */
const pauseMsMax = 250;
const probeMs = 1;

/**
 * An intake that lets history wait for everybody else. What has happened long ago is admitted, folded and stored by the threads
 * that also answer requests; so before each batch of it the loop is left alone for as long as it has just kept us waiting.
 */
export class PoliteIntake implements TickIntake {
  constructor(
    private readonly intake: TickIntake,
    private readonly world: Pick<FeedWorld, 'clock' | 'sleep'>,
  ) {}

  get era(): number {
    return this.intake.era;
  }

  whyFull(instrument: string): string | undefined {
    return this.intake.whyFull(instrument);
  }

  async admit(...[batches, options]: Parameters<TickIntake['admit']>): ReturnType<TickIntake['admit']> {
    if (this.isHistory(batches)) await this.leaveRoom();
    return this.intake.admit(batches, options);
  }

  private isHistory(batches: readonly TickBatch[]): boolean {
    const newestUs = batches.reduce((newest, { trades, quotes }) => Math.max(newest, lastOf(trades), lastOf(quotes)), 0);
    return newestUs > 0 && newestUs < this.world.clock.nowUs() - behindUs;
  }

  private async leaveRoom(): Promise<void> {
    const began = performance.now();
    await this.world.sleep(probeMs);
    const lateMs = performance.now() - began - probeMs;
    if (lateMs >= probeMs) await this.world.sleep(Math.min(lateMs, pauseMsMax));
  }
}

function lastOf({ timeUs, length }: TickBatch['trades'] | TickBatch['quotes']): number {
  return length === 0 ? 0 : timeUs[length - 1];
}
