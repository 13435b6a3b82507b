import { channels, isoFromUs, type TickStored } from '@hindcast/contracts';
import { arrowSectionsOf } from '@hindcast/market';
import type { Bus, BusMessage, Clock, StoredProgress } from '@hindcast/ports';

const queuedBatchesMax = 256;

/** Where flushed batches are read from. */
export interface PublishedLog {
  readonly streamId: string;
  /** The batch as it rests; undefined where it was trimmed. */
  readonly readBody: (number: number) => Uint8Array | undefined;
}

/**
 * Copies for everybody else: flushed batches on `market.ticks`, and on `tick_stored` how far the store can be read.
 * At most once: while the bus is away or slow, copies are dropped and counted. The Arrow bytes are those of the log:
 * encoding a batch a second time took a tenth of the service's time.
 */
export class TickPublisher {
  dropped = 0;
  private queue: number[] = [];
  private isPublishing = false;

  constructor(
    private readonly bus: Bus,
    private readonly clock: Clock,
    private readonly log: PublishedLog,
  ) {}

  flushed(number: number): void {
    if (this.queue.length >= queuedBatchesMax) {
      this.dropped++;
      return;
    }
    this.queue.push(number);
    if (!this.isPublishing) void this.publishQueue();
  }

  async stored({ throughNumber, stored }: StoredProgress): Promise<void> {
    const rowsOf = (table: 'trades' | 'quotes'): number =>
      stored.filter((cell) => cell.table === table).reduce((sum, { rows }) => sum + rows, 0);
    const messages = (['trades', 'quotes'] as const)
      .map((table): TickStored => ({
        event: 'TICK_STORED',
        table,
        stream_id: this.log.streamId,
        through_number: throughNumber,
        rows: rowsOf(table),
        timestamp: isoFromUs(this.clock.nowUs()),
      }))
      .filter(({ rows }) => rows > 0);
    await this.publish(messages.map((message) => ({ channel: channels.tickStored, payload: JSON.stringify(message) })));
  }

  private async publishQueue(): Promise<void> {
    this.isPublishing = true;
    while (this.queue.length > 0) {
      const numbers = this.queue;
      this.queue = [];
      await this.publish(numbers.flatMap((number) => tickMessages(this.log.readBody(number))));
    }
    this.isPublishing = false;
  }

  private async publish(messages: readonly BusMessage[]): Promise<void> {
    if (messages.length === 0) return;
    try {
      await this.bus.publish(messages);
    } catch {
      // The bus says so in health; what it lost nobody needs to be complete.
      this.dropped += messages.length;
    }
  }
}

function tickMessages(body: Uint8Array | undefined): BusMessage[] {
  if (!body) return [];
  const { trades, quotes } = arrowSectionsOf(body);
  return [trades, quotes].filter(({ length }) => length > 0).map((payload) => ({ channel: channels.marketTicks, payload }));
}
