import { channels, isoFromUs, type TickStored } from '@hindcast/contracts';
import { encodeQuotes, encodeTrades, type LoggedBatch } from '@hindcast/market';
import type { Bus, BusMessage, Clock, StoredProgress } from '@hindcast/ports';

const queuedBatchesMax = 256;

/**
 * Copies for everybody else: flushed batches on `market.ticks`, and on `tick_stored` how far the store can be read.
 * At most once: while the bus is away or slow, copies are dropped and counted.
 */
export class TickPublisher {
  dropped = 0;
  private queue: LoggedBatch[] = [];
  private isPublishing = false;

  constructor(
    private readonly bus: Bus,
    private readonly clock: Clock,
    private readonly streamId: string,
  ) {}

  flushed(batch: LoggedBatch): void {
    if (this.queue.length >= queuedBatchesMax) {
      this.dropped++;
      return;
    }
    this.queue.push(batch);
    if (!this.isPublishing) void this.publishQueue();
  }

  async stored({ throughNumber, stored }: StoredProgress): Promise<void> {
    const rowsOf = (table: 'trades' | 'quotes'): number =>
      stored.filter((cell) => cell.table === table).reduce((sum, { rows }) => sum + rows, 0);
    const messages = (['trades', 'quotes'] as const)
      .map((table): TickStored => ({
        event: 'TICK_STORED',
        table,
        stream_id: this.streamId,
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
      const batches = this.queue;
      this.queue = [];
      await this.publish(batches.flatMap(tickMessages));
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

function tickMessages({ trades, quotes }: LoggedBatch): BusMessage[] {
  const messages: BusMessage[] = [];
  if (trades.length > 0) messages.push({ channel: channels.marketTicks, payload: encodeTrades(trades) });
  if (quotes.length > 0) messages.push({ channel: channels.marketTicks, payload: encodeQuotes(quotes) });
  return messages;
}
