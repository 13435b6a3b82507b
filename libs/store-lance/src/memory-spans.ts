import { joinedSpans, type MemorySpan } from '@hindcast/ports';
import type { Table } from '@lancedb/lancedb';
import type { RecordBatch } from 'apache-arrow';
import { arrowTable, columnOf, textData, timeData } from './arrow-data.js';
import type { LanceDirectory } from './lance-directory.js';
import { LanceTable } from './lance-table.js';
import { keepRowsOf, putTogether } from './rows-of-memories.js';
import { applyTableDefinition, type TableDefinition } from './table-definition.js';

/** The same table that `migrations/lancedb/003_memory_spans.json` defines; a test holds the two together. */
export const memorySpansTable: TableDefinition = {
  table: 'memory_spans',
  columns: [
    { name: 'memory', type: 'utf8' },
    { name: 'market', type: 'utf8' },
    { name: 'symbol', type: 'utf8' },
    { name: 'from_time', type: 'timestamp[us, UTC]' },
    { name: 'to_time', type: 'timestamp[us, UTC]' },
  ],
  indexes: [],
};

interface Recorded {
  readonly id: string;
  readonly span: MemorySpan;
}

/** Up to where each memory has been built: a row a stretch of an instrument, which grows in place. */
export class MemorySpans {
  private readonly table: LanceTable;
  /** What waits for the change under way, to go into the next one together. */
  private waiting: Recorded[] = [];
  private next: Promise<void> | undefined;

  constructor(private readonly directory: LanceDirectory) {
    this.table = new LanceTable(directory, memorySpansTable.table);
  }

  async ensureTable(): Promise<void> {
    await this.table.write('Creating the table of spans', () => applyTableDefinition(this.directory.connection, memorySpansTable));
  }

  async of(id: string): Promise<readonly MemorySpan[]> {
    return joinedSpans(await this.table.read('Reading spans', (table) => stored(table, id)));
  }

  record(id: string, span: MemorySpan): Promise<void> {
    this.waiting.push({ id, span });
    this.next ??= this.table.write('Recording a span', async (opened) => {
      const recorded = this.waiting;
      this.waiting = [];
      this.next = undefined;
      const table = await opened();
      for (const memory of new Set(recorded.map((one) => one.id))) {
        await put(
          table,
          memory,
          recorded.filter((one) => one.id === memory).map((one) => one.span),
        );
      }
    });
    return this.next;
  }

  /** Only these are left. */
  keep(memories: readonly string[]): Promise<void> {
    return keepRowsOf(memories, this.table);
  }

  /** True where small files were put together. */
  optimize(): Promise<boolean> {
    return putTogether(this.table);
  }

  async close(): Promise<void> {
    await this.table.close();
  }
}

async function stored(table: Table, id: string): Promise<readonly MemorySpan[]> {
  const { batches } = await table.query().where(`memory = '${id}'`).toArrow();
  return (batches as readonly RecordBatch[]).flatMap((batch) => {
    const [market, symbol] = ['market', 'symbol'].map((name) => columnOf(batch, name));
    const [from, to] = ['from_time', 'to_time'].map((name) => columnOf(batch, name).data[0].values as BigInt64Array);
    return Array.from({ length: batch.numRows }, (_, row) => ({
      market: market.get(row) as string,
      symbol: symbol.get(row) as string,
      fromUs: Number(from[row]),
      toUs: Number(to[row]),
    }));
  });
}

/** The stretches that the new ones end up in; a stretch that was swallowed by one to its left is joined again when read. */
async function put(table: Table, id: string, added: readonly MemorySpan[]): Promise<void> {
  const changed = joinedSpans([...(await stored(table, id)), ...added]).filter((span) => added.some((one) => isWithin(one, span)));
  const columns = [
    textData(changed.map(() => id)),
    textData(changed.map(({ market }) => market)),
    textData(changed.map(({ symbol }) => symbol)),
    timeData(changed.map(({ fromUs }) => fromUs)),
    timeData(changed.map(({ toUs }) => toUs)),
  ];
  const rows = arrowTable(memorySpansTable, changed.length, columns);
  await table.mergeInsert(['memory', 'market', 'symbol', 'from_time']).whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(rows);
}

function isWithin(one: MemorySpan, span: MemorySpan): boolean {
  return one.market === span.market && one.symbol === span.symbol && one.fromUs >= span.fromUs && one.toUs <= span.toUs;
}
