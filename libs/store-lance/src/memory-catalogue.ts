import { HindcastError } from '@hindcast/contracts';
import { isSameMemory, memoryText, parseMemoryDefinition, type MemoryDefinition } from '@hindcast/memory';
import type { StoredMemory } from '@hindcast/ports';
import type { LanceDirectory } from './lance-directory.js';
import { LanceTable } from './lance-table.js';
import { applyTableDefinition, type TableDefinition } from './table-definition.js';

/** The same table that `migrations/lancedb/002_memories.json` defines; a test holds the two together. */
export const memoriesTable: TableDefinition = {
  table: 'memories',
  columns: [
    { name: 'id', type: 'utf8' },
    { name: 'created_at', type: 'timestamp[us, UTC]' },
    { name: 'in_use', type: 'bool' },
    { name: 'definition', type: 'utf8' },
  ],
  indexes: [],
};

interface MemoryRow {
  readonly id: string;
  readonly createdAtMs: number;
  readonly inUse: boolean;
  readonly definition: MemoryDefinition;
}

/** Which memories there are, and which one is in use: one small table, so that each change is one version of it. */
export class MemoryCatalogue {
  private readonly table: LanceTable;
  private known: { readonly version: number; readonly rows: readonly MemoryRow[] } | undefined;

  constructor(private readonly directory: LanceDirectory) {
    this.table = new LanceTable(directory, memoriesTable.table);
  }

  async ensureTable(): Promise<void> {
    await this.table.write('Creating the table of memories', () => applyTableDefinition(this.directory.connection, memoriesTable));
  }

  async all(): Promise<readonly StoredMemory[]> {
    return (await this.rows()).map(({ definition, inUse }) => ({ definition, inUse }));
  }

  /** MEMORY_UNKNOWN where there is none of this name. */
  async memory(id: string): Promise<StoredMemory> {
    return this.found(id, await this.rows());
  }

  async has(id: string): Promise<boolean> {
    return (await this.rows()).some((row) => row.id === id);
  }

  /** After `prepare`, which makes what the memory needs: it is there from the moment that its row is. */
  async add(definition: MemoryDefinition, prepare: (known: readonly StoredMemory[]) => Promise<void>): Promise<void> {
    await this.table.write('Creating a memory', async () => {
      const rows = await this.rows();
      const there = rows.find(({ id }) => id === definition.id);
      if (there !== undefined) {
        assertSame(there.definition, definition);
        return;
      }
      await prepare(rows);
      const createdAtMs = Math.max(Math.floor(this.directory.clock.nowUs() / 1_000), (rows.at(-1)?.createdAtMs ?? 0) + 1);
      await this.put({ id: definition.id, createdAtMs, inUse: false, definition });
    });
  }

  async change(id: string, change: (before: MemoryDefinition) => MemoryDefinition): Promise<void> {
    await this.table.write('Changing a memory', async () => {
      const row = this.found(id, await this.rows());
      await this.put({ ...row, definition: change(row.definition) });
    });
  }

  async use(id: string): Promise<void> {
    await this.table.write('Changing the memory in use', async (opened) => {
      const row = this.found(id, await this.rows());
      // The name was found, so it has the form of one, which has no quote in it.
      if (!row.inUse) await (await opened()).update({ valuesSql: { in_use: `id = '${row.id}'` } });
    });
  }

  /** It is gone from here on; `clear` then takes away what it had. */
  async remove(id: string, clear: (left: readonly StoredMemory[]) => Promise<void>): Promise<void> {
    await this.table.write('Dropping a memory', async (opened) => {
      const row = this.found(id, await this.rows());
      if (row.inUse) throw new HindcastError('MEMORY_IN_USE', `Memory ${id} is in use: let another one be used first.`);
      await (await opened()).delete(`id = '${row.id}'`);
      await clear(await this.rows());
    });
  }

  async close(): Promise<void> {
    await this.table.close();
  }

  private async put({ id, createdAtMs, inUse, definition }: MemoryRow): Promise<void> {
    await this.table.read('Recording a memory', (table) =>
      table
        .mergeInsert('id')
        .whenMatchedUpdateAll()
        .whenNotMatchedInsertAll()
        .execute([{ id, created_at: new Date(createdAtMs), in_use: inUse, definition: memoryText(definition) }]),
    );
  }

  private found(id: string, rows: readonly MemoryRow[]): MemoryRow {
    const row = rows.find((known) => known.id === id);
    if (row !== undefined) return row;
    const names = rows.map((known) => known.id).join(', ');
    throw new HindcastError(
      'MEMORY_UNKNOWN',
      `There is no memory ${JSON.stringify(id.slice(0, 60))}; ${names === '' ? 'none has been made' : `there are ${names}`}.`,
    );
  }

  /** Oldest first. */
  private rows(): Promise<readonly MemoryRow[]> {
    return this.table.read('Reading the memories', async (table) => {
      const version = await table.version();
      if (this.known?.version !== version) {
        const read = (await table.query().toArray()) as { id: string; created_at: number; in_use: boolean; definition: string }[];
        const rows = read.map(({ id, created_at: createdAtMs, in_use: inUse, definition }) => ({
          id,
          createdAtMs,
          inUse,
          definition: parseMemoryDefinition(definition),
        }));
        this.known = { version, rows: rows.sort((one, other) => one.createdAtMs - other.createdAtMs) };
      }
      return this.known.rows;
    });
  }
}

function assertSame(there: MemoryDefinition, wanted: MemoryDefinition): void {
  if (isSameMemory(there, wanted)) return;
  throw new HindcastError(
    'MEMORY_EXISTS',
    `There is a memory ${wanted.id} with another definition: take another name, or drop that one first.`,
  );
}
