import { stat } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { askRows } from './ask-rows.js';
import { storeError } from './duckdb-errors.js';
import type { Attachment } from './embedded-database.js';
import { SerialQueue } from './serial-queue.js';
import { literal, whole } from './sql.js';

/** How far one log has come in one file. */
export interface Applied {
  readonly number: number;
  readonly sequence: number;
}

const nothingApplied: Applied = { number: -1, sequence: -1 };

/**
 * A database that is open: its name among the attached ones, the one connection that writes to it, and which batches it
 * holds. Writers take turns; whoever reads has a connection of their own and names the database in front of each table.
 */
export class AttachedFile {
  readonly attachment: Attachment;
  readonly #turns = new SerialQueue();
  #applied: ReadonlyMap<string, Applied>;
  /** After a failure nobody knows whether the transaction is on disk; the file does. */
  #isInDoubt = false;

  private constructor(attachment: Attachment, applied: ReadonlyMap<string, Applied>) {
    this.attachment = attachment;
    this.#applied = applied;
  }

  static async open(attachment: Attachment): Promise<AttachedFile> {
    return new AttachedFile(attachment, await readApplied(attachment.writer));
  }

  /** A table of the file by its full name, for connections of others. */
  table(name: string): string {
    return `${this.attachment.name}.${name}`;
  }

  applied(streamId: string): Applied {
    return this.#applied.get(streamId) ?? nothingApplied;
  }

  /** The newest batch and the highest sequence of all logs: a row of a later batch cannot be here. */
  newest(): Applied {
    let newest = nothingApplied;
    for (const { number, sequence } of this.#applied.values())
      newest = { number: Math.max(newest.number, number), sequence: Math.max(newest.sequence, sequence) };
    return newest;
  }

  /**
   * Does the work in one transaction, and with it notes how far the log has come; nothing of it is there where this
   * rejects. On disk when it resolves.
   */
  write(work: (writer: DuckDBConnection) => Promise<AppliedBy | undefined>): Promise<void> {
    return this.#turns.run(async () => {
      const { writer, path } = this.attachment;
      try {
        if (this.#isInDoubt) this.#applied = await readApplied(writer);
        this.#isInDoubt = false;
        await writer.run('BEGIN');
        const progress = await work(writer);
        const applied = progress && this.#after(progress);
        // One call for both: each costs a turn of the threads.
        await writer.run(`${applied ? noteSql(applied, this.#applied.has(applied.streamId)) : ''} COMMIT`);
        if (applied) this.#applied = new Map([...this.#applied, [applied.streamId, applied]]);
        await this.#shortenLog();
      } catch (cause) {
        this.#isInDoubt = true;
        // Where the transaction is over already there is nothing to take back.
        await writer.run('ROLLBACK').catch(() => undefined);
        throw storeError(`${path} was not written`, cause);
      }
    });
  }

  /** Between two transactions. */
  maintain<T>(work: (writer: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.#turns.run(() => work(this.attachment.writer));
  }

  /** DuckDB does so by itself only where one file's log has grown long, however long all of them are together. */
  async #shortenLog(): Promise<void> {
    const { writer, path, walBytesMax } = this.attachment;
    const log = await stat(`${path}.wal`).catch(() => undefined);
    if (log === undefined || log.size <= walBytesMax()) return;
    // Refused while a reader is at work in the file: then after another commit.
    await writer.run('CHECKPOINT').catch(() => undefined);
  }

  #after({ streamId, number, sequence }: AppliedBy): AppliedBy {
    const before = this.applied(streamId);
    return { streamId, number: Math.max(number, before.number), sequence: Math.max(sequence, before.sequence) };
  }
}

function noteSql({ streamId, number, sequence }: AppliedBy, isKnown: boolean): string {
  return isKnown
    ? `UPDATE applied SET number = ${whole(number)}, sequence = ${whole(sequence)} WHERE stream_id = ${literal(streamId)};`
    : `INSERT INTO applied VALUES (${literal(streamId)}, ${whole(number)}, ${whole(sequence)});`;
}

async function readApplied(connection: DuckDBConnection): Promise<Map<string, Applied>> {
  const rows = await askRows<[string, number, number]>(connection, 'SELECT stream_id, number::DOUBLE, sequence::DOUBLE FROM applied');
  return new Map(rows.map(([streamId, number, sequence]) => [streamId, { number, sequence }]));
}

export interface AppliedBy extends Applied {
  readonly streamId: string;
}
