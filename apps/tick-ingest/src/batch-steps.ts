import type { LoggedBatch } from '@hindcast/market';
import type { StoredProgress } from '@hindcast/ports';
import type { BatchTracer } from '@hindcast/service-kit';

/** When a request was where, by the world's clock. */
export interface RequestTimes {
  readonly door: string;
  readonly traceparent: string | undefined;
  /** The door had parsed it. */
  readonly parsedUs: number;
  /** It had its place in the order. */
  readonly admittedUs: number;
  readonly flushedUs: number;
}

/** The steps that tick-ingest takes with each batch. */
export class BatchSteps {
  private newestNumber = 0;

  constructor(
    private readonly tracer: BatchTracer,
    private readonly streamId: string,
  ) {}

  acknowledged(batches: readonly LoggedBatch[], { door, traceparent, parsedUs, admittedUs, flushedUs }: RequestTimes): void {
    for (const { number, receivedAtUs: receivedUs, trades, quotes, rejected } of batches) {
      const batch = { streamId: this.streamId, number };
      const attributes = {
        'hindcast.door': door,
        'hindcast.trades': trades.length,
        'hindcast.quotes': quotes.length,
        'hindcast.rejected': rejected.length,
      };
      // Of requests that share a batch the first one's step is the whole of which the others' are part.
      const isWhole = number !== this.newestNumber;
      this.newestNumber = number;
      this.tracer.step({ ...batch, name: 'door receive', startUs: receivedUs, endUs: flushedUs, attributes, isWhole, traceparent });
      this.tracer.step({ ...batch, name: 'parse', startUs: receivedUs, endUs: parsedUs });
      this.tracer.step({ ...batch, name: 'admit', startUs: parsedUs, endUs: admittedUs });
      this.tracer.step({ ...batch, name: 'log flush', startUs: admittedUs, endUs: flushedUs });
    }
  }

  /** A piece of the drain is one step of each of its batches. */
  drained({ firstNumber, throughNumber }: StoredProgress, { startUs, endUs }: { readonly startUs: number; readonly endUs: number }): void {
    const batches = throughNumber - firstNumber + 1;
    for (let number = firstNumber; number <= throughNumber; number++) {
      this.tracer.step({
        streamId: this.streamId,
        number,
        name: 'drain piece',
        startUs,
        endUs,
        attributes: { 'hindcast.piece_batches': batches },
      });
    }
  }
}
