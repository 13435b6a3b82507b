import { HindcastError } from '@hindcast/contracts';
import { embeddingMetadata, sentence, templateId } from '@hindcast/embedding';
import type { PhysicsState } from '@hindcast/physics';
import type { Clock, Embedder, EmbeddingRow, VectorStore } from '@hindcast/ports';
import type { DueQueue } from './checkpoint.js';
import { retrying } from './retrying.js';
import { untilCalm } from './until-calm.js';

export interface EmbeddingParts {
  readonly queue: Pick<DueQueue, 'length' | 'oldest' | 'remove'>;
  readonly embedder: Embedder;
  readonly vectors: Pick<VectorStore, 'upsert' | 'optimize'>;
  readonly clock: Clock;
  /** While it is, states are worth more than vectors, which are made behind them anyway. */
  readonly isLivePathBusy: () => boolean;
  readonly events: EmbeddingEvents;
}

export interface EmbeddingEvents {
  embedded(rows: number, elapsedMs: number): void;
  failed(error: HindcastError, doing: string): void;
}

/** Rows of one write: as many as fit, or what a second brought, whichever comes first. */
const rowsAtOnceMax = 1_000;
const pieceMaxUs = 1_000_000;
/** Sentences given to the model at once; a question waits for one such batch. */
const sentencesAtOnce = 32;
const rowsUntilUpkeep = 5_000;

/**
 * Turns due states into vectors, behind everything else and until the queue is empty. The queue is on disk and an entry
 * leaves it when the vector store has acknowledged its row, so what ends up there does not depend on load or stops.
 */
export class EmbeddingWorker {
  embedded = 0;
  /** Why the newest piece could not be embedded or stored; undefined when it could. */
  failure: HindcastError | undefined;
  private rowsSinceUpkeep = 0;
  private upkeep: Promise<void> | undefined;
  private due = Promise.withResolvers<void>();

  constructor(private readonly parts: EmbeddingParts) {}

  /** There may be something in the queue. */
  wake(): void {
    this.due.resolve();
  }

  /** Resolves when `signal` is aborted and nothing is under way. */
  async run(signal: AbortSignal): Promise<void> {
    const { queue, events } = this.parts;
    signal.addEventListener('abort', () => this.wake(), { once: true });
    while (!signal.aborted) {
      this.due = Promise.withResolvers<void>();
      const states = queue.oldest(rowsAtOnceMax);
      if (states.length === 0) {
        this.keepUp(1);
        if (!signal.aborted) await this.due.promise;
        continue;
      }
      await untilCalm(this.parts.isLivePathBusy, signal);
      await retrying(() => this.embedPiece(states, signal), {
        signal,
        onFailure: (error) => {
          this.failure = error;
          events.failed(error, 'embedding states');
        },
      }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      this.keepUp(rowsUntilUpkeep);
    }
    await this.upkeep;
  }

  private async embedPiece(states: readonly PhysicsState[], signal: AbortSignal): Promise<void> {
    const { queue, embedder, vectors, clock, events } = this.parts;
    const startedUs = clock.nowUs();
    const rows: EmbeddingRow[] = [];
    while (rows.length < states.length && !signal.aborted && clock.nowUs() - startedUs < pieceMaxUs) {
      const batch = states.slice(rows.length, rows.length + sentencesAtOnce);
      const made = await embedder.embed(batch.map(sentence));
      batch.forEach((state, index) => {
        const from = index * embedder.dimensions;
        rows.push(embeddingRow(state, made.slice(from, from + embedder.dimensions), embedder.modelId));
      });
    }
    if (rows.length === 0) return;
    await vectors.upsert(rows);
    await queue.remove(states.slice(0, rows.length));
    this.failure = undefined;
    this.embedded += rows.length;
    this.rowsSinceUpkeep += rows.length;
    events.embedded(rows.length, (clock.nowUs() - startedUs) / 1_000);
  }

  /** In the background: a long upkeep holds nothing back but the next write. */
  private keepUp(rowsMin: number): void {
    if (this.upkeep || this.rowsSinceUpkeep < rowsMin) return;
    this.rowsSinceUpkeep = 0;
    const { vectors, events } = this.parts;
    this.upkeep = vectors
      .optimize()
      .catch((error: unknown) => {
        if (!(error instanceof HindcastError)) throw error;
        events.failed(error, 'renewing the vector indexes');
      })
      .finally(() => (this.upkeep = undefined));
  }
}

function embeddingRow(state: PhysicsState, vector: Float32Array, modelId: string): EmbeddingRow {
  const { symbol, market, timeUs } = state;
  return { vector, symbol, market, timeUs, metadata: embeddingMetadata(state), modelId, templateId };
}
