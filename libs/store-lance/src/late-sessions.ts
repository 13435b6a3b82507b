import { instrumentKey } from '@hindcast/market';
import type { LateSession } from '@hindcast/ports';
import { Float64, makeData, type RecordBatch } from 'apache-arrow';
import { arrowTable, columnOf, textData, timeData } from './arrow-data.js';
import type { LanceDirectory } from './lance-directory.js';
import { LanceTable } from './lance-table.js';
import { keepRowsOf, putTogether } from './rows-of-memories.js';
import { applyTableDefinition, type TableDefinition } from './table-definition.js';

/** The same table that `migrations/lancedb/004_memory_late_sessions.json` defines; a test holds the two together. */
export const lateSessionsTable: TableDefinition = {
  table: 'memory_late_sessions',
  columns: [
    { name: 'memory', type: 'utf8' },
    { name: 'market', type: 'utf8' },
    { name: 'symbol', type: 'utf8' },
    { name: 'open_time', type: 'timestamp[us, UTC]' },
    { name: 'through_sequence', type: 'float64' },
  ],
  indexes: [],
};

/** Which sessions each memory has that came late, and how much of them: a row a session. */
export class LateSessions {
  private readonly table: LanceTable;

  constructor(private readonly directory: LanceDirectory) {
    this.table = new LanceTable(directory, lateSessionsTable.table);
  }

  async ensureTable(): Promise<void> {
    await this.table.write('Creating the table of late sessions', () => applyTableDefinition(this.directory.connection, lateSessionsTable));
  }

  async of(id: string): Promise<readonly LateSession[]> {
    return this.table.read('Reading late sessions', async (table) => {
      const { batches } = await table.query().where(`memory = '${id}'`).toArrow();
      const sessions = (batches as readonly RecordBatch[]).flatMap(sessionsIn);
      return sessions.sort((one, other) => instrumentKey(one).localeCompare(instrumentKey(other)) || one.openUs - other.openUs);
    });
  }

  async record(id: string, { market, symbol, openUs, throughSequence }: LateSession): Promise<void> {
    await this.table.write('Recording a late session', async (opened) => {
      const through = makeData({ type: new Float64(), data: Float64Array.of(throughSequence) });
      const columns = [textData([id]), textData([market]), textData([symbol]), timeData([openUs]), through];
      const keys = ['memory', 'market', 'symbol', 'open_time'];
      const row = arrowTable(lateSessionsTable, 1, columns);
      await (await opened()).mergeInsert(keys).whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(row);
    });
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

function sessionsIn(batch: RecordBatch): readonly LateSession[] {
  const [market, symbol] = ['market', 'symbol'].map((name) => columnOf(batch, name));
  const open = columnOf(batch, 'open_time').data[0].values as BigInt64Array;
  const through = columnOf(batch, 'through_sequence').data[0].values as Float64Array;
  return Array.from({ length: batch.numRows }, (_, row) => ({
    market: market.get(row) as string,
    symbol: symbol.get(row) as string,
    openUs: Number(open[row]),
    throughSequence: through[row],
  }));
}
