import { replayChannel } from '@hindcast/contracts';
import type { Audience } from './audience.js';
import { parseReplayed } from './broadcast.js';
import { BusReader, type BusReaderOptions } from './bus-reader.worker.js';
import { ReplayAudience, type FetchReplayStates } from './replay-audience.js';

export interface AudiencesOptions extends Pick<BusReaderOptions, 'bus' | 'logger' | 'counters' | 'signal'> {
  readonly live: Audience;
  readonly fetchReplay: FetchReplayStates;
  readonly retryMs: number;
  /** How often a replay that somebody listens to is asked whether it is still there. */
  readonly checkMs: number;
}

/** The live audience, and one for each replay that somebody listens to: its channel is read as long as anybody does. */
export class Audiences {
  private readonly replays = new Map<string, ReplayAudience>();
  private readonly readings = new Set<Promise<void>>();

  constructor(private readonly options: AudiencesOptions) {}

  of(replay: string | undefined): Audience {
    if (replay === undefined) return this.options.live;
    const heard = this.replays.get(replay);
    // One that was removed is not the one that has its name now.
    return heard === undefined || heard.isOver ? this.listen(replay) : heard;
  }

  /** Somebody has left. */
  tidy(audience: Audience): void {
    if (!(audience instanceof ReplayAudience) || audience.size > 0) return;
    audience.close();
    if (this.replays.get(audience.id) === audience) this.replays.delete(audience.id);
  }

  /** REPLAY_UNKNOWN; for doors that can say it before they open. */
  async mustKnow(replay: string): Promise<void> {
    await this.options.fetchReplay(replay, [], this.options.signal);
  }

  /** Resolves when no channel is read any more. */
  async close(): Promise<void> {
    for (const audience of this.replays.values()) audience.close();
    await Promise.all(this.readings);
  }

  private listen(id: string): ReplayAudience {
    const { bus, logger, counters, signal, fetchReplay, retryMs, checkMs } = this.options;
    const audience = new ReplayAudience({ id, fetchStates: fetchReplay, retryMs });
    const reader = new BusReader({
      ...{ bus, logger: logger.child({ replay: id }), counters, audience },
      channels: [replayChannel(id)],
      parse: (_channel, payload) => parseReplayed(payload),
      signal: AbortSignal.any([signal, audience.closed]),
    });
    const reading = reader.run().finally(() => this.readings.delete(reading));
    this.readings.add(reading);
    const checking = setInterval(() => void audience.check(), checkMs);
    checking.unref();
    audience.closed.addEventListener('abort', () => clearInterval(checking));
    this.replays.set(id, audience);
    return audience;
  }
}
