import { decodeLoggedBatch, type LoggedBatch } from '@hindcast/market';
import type { QuarantinedRow } from '@hindcast/ports';

/** A row that the store refused, with its cell: one that counts in the ledger, so a trade or a quote. */
type QuarantinedTick = QuarantinedRow & Required<Pick<QuarantinedRow, 'cell'>>;

export interface KeptTick {
  readonly cell: QuarantinedTick['cell'];
  /** The row alone in its batch. */
  readonly batch: LoggedBatch;
}

/**
 * Ticks that the log has trimmed and the store has refused. Neither would know them when they come again, and the
 * quarantine may yet give them to the store: so their identities stay in admission's memory, and their rows here.
 */
export class QuarantinedTicks {
  private readonly kept = new Map<number, KeptTick>();

  get size(): number {
    return this.kept.size;
  }

  get(sequence: number): LoggedBatch | undefined {
    return this.kept.get(sequence)?.batch;
  }

  keep({ sequence, cell, body }: QuarantinedTick): LoggedBatch {
    const batch = decodeLoggedBatch(Buffer.from(body, 'base64'));
    this.kept.set(sequence, { cell, batch });
    return batch;
  }

  /** Takes out those that the quarantine no longer holds, because the store has taken them after all. */
  release(quarantine: ReadonlyMap<number, QuarantinedTick>): readonly KeptTick[] {
    const released = [...this.kept].filter(([sequence]) => !quarantine.has(sequence));
    for (const [sequence] of released) this.kept.delete(sequence);
    return released.map(([, tick]) => tick);
  }
}

/** Trades and quotes of the quarantine; positions of both are of one count, so a sequence names one of them. */
export function ticksBySequence(quarantine: readonly QuarantinedRow[]): ReadonlyMap<number, QuarantinedTick> {
  return new Map(quarantine.filter((row): row is QuarantinedTick => row.cell !== undefined).map((row) => [row.sequence, row]));
}
