import { encodeLoggedBatch, joinBatches, type LoggedBatch } from '@hindcast/market';
import type { LogWrite } from '@hindcast/ports';

/** A batch as it rests in the log. */
export interface EncodedBatch {
  readonly number: number;
  readonly body: Uint8Array;
}

/** The batches of writes that go to disk together; one that begins in one write and goes on in the next is one. */
export function encodedBatches(writes: readonly LogWrite[]): readonly EncodedBatch[] {
  const partsOf = new Map<number, LoggedBatch[]>();
  for (const batch of writes.flatMap(({ batches }) => batches)) {
    const parts = partsOf.get(batch.number);
    if (parts) parts.push(batch);
    else partsOf.set(batch.number, [batch]);
  }
  return [...partsOf].map(([number, parts]) => ({ number, body: encodeLoggedBatch(joinBatches(parts)) }));
}
