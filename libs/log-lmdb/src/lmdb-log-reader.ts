import { decodeLoggedBatch, type LoggedBatch } from '@hindcast/market';
import { openTables, type LogTables } from './log-tables.js';

/** A second pair of eyes on the log, for another thread of the process that writes it. */
export class LmdbLogReader {
  private readonly tables: LogTables;

  constructor({ dir }: { readonly dir: string }) {
    this.tables = openTables(dir, { readOnly: true });
  }

  /** Undefined where the batch was trimmed or is not flushed yet. */
  read(number: number): LoggedBatch | undefined {
    // Without this a thread goes on reading the snapshot that it began with.
    this.tables.batches.resetReadTxn();
    const body = this.tables.batches.getBinary(number);
    return body && decodeLoggedBatch(body);
  }

  async close(): Promise<void> {
    await this.tables.root.close();
  }
}
