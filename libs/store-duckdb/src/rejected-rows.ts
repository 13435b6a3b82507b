import type { DuckDBConnection } from '@duckdb/node-api';
import { batchRowsMax, sequenceOf, type LoggedBatch, type RejectedRow } from '@hindcast/market';
import { rowName } from '@hindcast/ports';
import { askRows } from './ask-rows.js';
import type { AttachedFile } from './attached-file.js';
import { ChunkWriter } from './chunk-writer.js';
import { literal } from './sql.js';
import { StagedRows } from './staged-rows.js';
import { rejectedLayout } from './table-layouts.js';
import type { WrittenAs } from './visible-batches.js';

interface Rejected {
  readonly batch: LoggedBatch;
  readonly row: RejectedRow;
  readonly sequence: number;
}

/** Rows that were not let in, in the store's own file: they belong to no instrument, or to none that can be. */
export class RejectedRows {
  readonly #file: AttachedFile;
  readonly #chunks = new ChunkWriter();

  constructor(file: AttachedFile) {
    this.#file = file;
  }

  /** Returns how many rows there were, those that were here before included. */
  async write(batches: readonly LoggedBatch[], { skip, streamId }: WrittenAs): Promise<number> {
    const rows = rejectedOf(batches, skip);
    if (rows.length === 0) return 0;
    await this.#file.write(async (writer) => {
      const firstNew = (this.#file.applied(streamId).number + 1) * batchRowsMax;
      const mayBeThere = rows.some(({ sequence }) => sequence < firstNew);
      const stored = mayBeThere ? await storedOf(writer, rows, streamId) : new Set<number>();
      const fresh = rows.filter(({ sequence }) => !stored.has(sequence));
      await this.#chunks.append(writer, stagedRejected(fresh, streamId));
      const sequence = Math.max(...rows.map((row) => row.sequence));
      return { streamId, sequence, number: Math.floor(sequence / batchRowsMax) };
    });
    return rows.length;
  }

  async areVisible(batches: readonly LoggedBatch[], { skip, streamId }: WrittenAs): Promise<boolean> {
    const rows = rejectedOf(batches, skip);
    if (rows.length === 0) return true;
    const stored = await this.#file.maintain((writer) => storedOf(writer, rows, streamId));
    return stored.size === rows.length;
  }
}

function rejectedOf(batches: readonly LoggedBatch[], skip: ReadonlySet<string> | undefined): readonly Rejected[] {
  return batches
    .flatMap((batch) => batch.rejected.map((row) => ({ batch, row, sequence: sequenceOf(batch.number, row.position) })))
    .filter(({ sequence }) => !skip?.has(rowName('rejected_ticks', sequence)));
}

async function storedOf(connection: DuckDBConnection, rows: readonly Rejected[], streamId: string): Promise<ReadonlySet<number>> {
  const sequences = rows.map(({ sequence }) => sequence).join(', ');
  const found = await askRows<[number]>(
    connection,
    `SELECT sequence::DOUBLE FROM rejected_ticks WHERE stream_id = ${literal(streamId)} AND sequence IN (${sequences})`,
  );
  return new Set(found.map(([sequence]) => sequence));
}

function stagedRejected(rows: readonly Rejected[], streamId: string): StagedRows {
  const staged = new StagedRows(rejectedLayout);
  staged.reserve(rows.length);
  const [receivedAt, stream, sequence, kind, code, field, message, text, source] = staged.columns;
  for (const { batch, row, sequence: ofRow } of rows) {
    const at = staged.length++;
    receivedAt.setWhole(at, batch.receivedAtUs);
    stream.texts[at] = streamId;
    sequence.setWhole(at, ofRow);
    kind.texts[at] = row.table;
    code.texts[at] = row.code;
    field.texts[at] = row.field;
    message.texts[at] = row.message;
    text.texts[at] = row.text;
    source.texts[at] = batch.source;
  }
  return staged;
}
