import type { LoggedBatch } from '@hindcast/market';
import type { Clock } from '@hindcast/ports';
import type { BatchTracer } from '@hindcast/service-kit';

export interface FoldedBatch {
  readonly streamId: string;
  readonly batch: LoggedBatch;
  /** When it came out of the log's stream. */
  readonly takenUs: number;
  readonly states: number;
}

/** The steps that market-physics takes with each batch; their trace is the one that tick-ingest began. */
export class FoldSteps {
  private streamId = '';

  constructor(
    private readonly tracer: BatchTracer,
    private readonly clock: Clock,
  ) {}

  folded({ streamId, batch: { number, receivedAtUs }, takenUs, states }: FoldedBatch): void {
    this.streamId = streamId;
    const batch = { streamId, number };
    this.tracer.step({ ...batch, name: 'follow', startUs: Math.min(receivedAtUs, takenUs), endUs: takenUs });
    const attributes = { 'hindcast.states': states };
    this.tracer.step({ ...batch, name: 'close bars, compute states', startUs: takenUs, endUs: this.clock.nowUs(), attributes });
  }

  published(number: number, offeredUs: number): void {
    this.tracer.step({ streamId: this.streamId, number, name: 'publish', startUs: offeredUs, endUs: this.clock.nowUs() });
  }
}
