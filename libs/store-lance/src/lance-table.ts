import { setTimeout as delay } from 'node:timers/promises';
import type { Table } from '@lancedb/lancedb';
import type { LanceDirectory } from './lance-directory.js';
import { isTableChangingPlaces, isTableMissing, vectorStoreError } from './lance-errors.js';
import { SerialQueue } from './serial-queue.js';

/** A table that changes places is away for less than a millisecond; on a busy machine for longer. */
const readAttemptsMax = 20;
const readRetryMs = 25;

/** One table: opened when it is first used, read at any time, written one task after another. */
export class LanceTable {
  private readonly writes = new SerialQueue();
  private opened: Promise<Table> | undefined;

  constructor(
    readonly directory: LanceDirectory,
    readonly name: string,
  ) {}

  async read<T>(doing: string, task: (table: Table) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await task(await this.table());
      } catch (cause) {
        if (attempt === readAttemptsMax || !isTableChangingPlaces(cause)) throw vectorStoreError(doing, this.directory.uri, cause);
        await delay(readRetryMs);
      }
    }
  }

  /** The table, where it is there; what creates it is a write as well. */
  write<T>(doing: string, task: (table: () => Promise<Table>) => Promise<T>): Promise<T> {
    return this.writes.run(async () => {
      try {
        return await task(() => this.table());
      } catch (cause) {
        throw vectorStoreError(doing, this.directory.uri, cause);
      }
    });
  }

  /** Takes it away with its rows, after the writes that wait; later ones fail. */
  drop(): Promise<void> {
    return this.writes.run(async () => {
      const table = await this.opened?.catch(() => undefined);
      this.opened = Promise.reject(new Error(`Table '${this.name}' was not found: it was dropped.`));
      this.opened.catch(() => undefined);
      table?.close();
      await this.directory.connection.dropTable(this.name).catch((cause: unknown) => {
        if (!isTableMissing(cause)) throw vectorStoreError('Dropping a table', this.directory.uri, cause);
      });
    });
  }

  /** Waits for writes; reads that are under way fail. */
  async close(): Promise<void> {
    await this.writes.idle();
    const table = await this.opened?.catch(() => undefined);
    this.opened = undefined;
    table?.close();
  }

  /** A failed attempt is not kept: the table may be there the next time. */
  private table(): Promise<Table> {
    this.opened ??= this.directory.connection.openTable(this.name).catch((cause: unknown) => {
      this.opened = undefined;
      throw vectorStoreError('Opening the table', this.directory.uri, cause);
    });
    return this.opened;
  }
}
