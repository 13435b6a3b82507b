import { MomentColumns } from '@hindcast/memory';
import type { LateSession, MemorySpan, MomentStore } from '@hindcast/ports';
import { retrying } from '../retrying.js';
import type { HindcastError } from '@hindcast/contracts';

export interface MemoryWriterParts {
  readonly moments: Pick<MomentStore, 'upsert' | 'recordSpan' | 'recordLateSession'>;
  readonly memory: string;
  readonly signal: AbortSignal;
  readonly onWritten: (rows: number) => void;
  readonly onFailure: (error: HindcastError) => void;
}

export interface MadeMoments {
  readonly moments: readonly MomentColumns[];
  readonly span: MemorySpan | undefined;
  readonly late: readonly LateSession[];
}

/** A write costs the store a version, however few rows it has. */
const rowsAtOnceMin = 1_000;

/**
 * Gathers moments until a write is worth it. Spans follow their rows: what a span says to be there is there, whatever ends the
 * process in between.
 */
export class MemoryWriter {
  private waiting: MomentColumns[] = [];
  private spans: MemorySpan[] = [];
  private late: LateSession[] = [];
  private rows = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly parts: MemoryWriterParts) {}

  /** `span` is whole with these moments, and so is what follows from `late`. Resolves when there is room for more. */
  async add({ moments, span, late }: MadeMoments): Promise<void> {
    for (const columns of moments) {
      if (columns.length === 0) continue;
      this.waiting.push(columns);
      this.rows += columns.length;
    }
    if (span) this.spans.push(span);
    this.late.push(...late);
    if (this.rows >= rowsAtOnceMin) await this.flush();
  }

  /** Resolves when everything that was added is stored. */
  flush(): Promise<void> {
    this.writing = this.writing.then(() => this.write());
    return this.writing;
  }

  private async write(): Promise<void> {
    const { waiting, spans, late } = this;
    this.waiting = [];
    this.spans = [];
    this.late = [];
    this.rows = 0;
    const { moments, memory, signal, onFailure, onWritten } = this.parts;
    const again = <T>(attempt: () => Promise<T>): Promise<T> => retrying(attempt, { signal, onFailure, isFinal: ({ retry }) => !retry });
    const columns = waiting.length === 1 ? waiting[0] : joined(waiting);
    if (columns !== undefined) {
      const rows = Int32Array.from({ length: columns.length }, (_, row) => row);
      await again(() => moments.upsert(memory, columns, rows));
      onWritten(columns.length);
    }
    for (const span of spans) await again(() => moments.recordSpan(memory, span));
    for (const session of late) await again(() => moments.recordLateSession(memory, session));
  }
}

/** Undefined where there is nothing. */
export function joined(blocks: readonly MomentColumns[]): MomentColumns | undefined {
  if (blocks.length === 0) return undefined;
  const all = new MomentColumns(blocks[0].horizons);
  for (const block of blocks) for (let row = 0; row < block.length; row += 1) all.addFrom(block, row);
  return all;
}
