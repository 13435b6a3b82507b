import { maxTimeUs } from '@hindcast/contracts';
import { instrumentKey, type Instrument } from '@hindcast/market';
import { MomentColumns, type MemoryDefinition } from '@hindcast/memory';
import {
  assertVectorQuestion,
  momentsFoundMax,
  type MomentFilter,
  type MomentKey,
  type MomentQuery,
  type MomentSearchResult,
  type MomentStoreStats,
} from '@hindcast/ports';
import type { Table } from '@lancedb/lancedb';
import type { RecordBatch } from 'apache-arrow';
import { columnOf } from './arrow-data.js';
import { keysSql, momentFilterSql } from './filter-sql.js';
import type { LanceDirectory } from './lance-directory.js';
import { LanceTable } from './lance-table.js';
import { momentBatch } from './moment-batch.js';
import { momentColumns, momentReader, readMoments } from './moment-rows.js';
import { momentKeyColumns, momentShape, momentTableDefinition } from './moment-table-definition.js';
import { SearchedVectors } from './searched-vectors.js';
import { applyTableDefinition } from './table-definition.js';

const rowsAtOnceMax = 50_000;
const keysAtOnceMax = 500;

/** The rows of one memory. */
export class MomentTable {
  private readonly table: LanceTable;
  private readonly vectors: SearchedVectors;
  /** Of rows that are in the table, as far as was asked. One process writes, so it knows. */
  private readonly newestByInstrument = new Map<string, number>();

  constructor(
    private readonly directory: LanceDirectory,
    private readonly definition: MemoryDefinition,
  ) {
    const { table } = momentTableDefinition(definition);
    this.table = new LanceTable(directory, table);
    this.vectors = new SearchedVectors(this.table, momentShape(definition));
  }

  async create(): Promise<void> {
    await applyTableDefinition(this.directory.connection, momentTableDefinition(this.definition));
  }

  async drop(): Promise<void> {
    await this.vectors.idle();
    await this.table.drop();
  }

  async upsert(moments: MomentColumns, rows: Int32Array): Promise<void> {
    for (let from = 0; from < rows.length; from += rowsAtOnceMax) {
      await this.put(moments, rows.subarray(from, from + rowsAtOnceMax));
    }
  }

  async search({ vector, k, filter, search }: MomentQuery): Promise<MomentSearchResult> {
    const { dimensions } = momentShape(this.definition);
    assertVectorQuestion({ vector, k }, { dimensions, kMax: momentsFoundMax });
    const where = momentFilterSql(filter, this.definition);
    const reader = momentReader(this.definition, { vector, asOfUs: filter.asOfUs });
    const { found, ...facts } = await this.vectors.search({ vector, k, where, search, reader });
    return { ...facts, ...found };
  }

  async count(filter: MomentFilter): Promise<number> {
    return this.vectors.count(momentFilterSql(filter, this.definition));
  }

  moments(filter: MomentFilter, limit?: number): Promise<MomentColumns> {
    const where = momentFilterSql(filter, this.definition);
    return this.table.read('Reading moments', async (table) => {
      const rows = new MomentColumns(this.definition.horizons);
      const query = matching(table, where)
        .orderBy(['timestamp', 'symbol', 'market'].map((columnName) => ({ columnName, ascending: true })))
        .select([...momentColumns]);
      for await (const batch of limit === undefined ? query : query.limit(limit)) readMoments(rows, [batch], filter.asOfUs);
      return rows;
    });
  }

  /** In the order of the keys. */
  async find(keys: readonly MomentKey[]): Promise<MomentColumns> {
    const found = new MomentColumns(this.definition.horizons);
    for (let from = 0; from < keys.length; from += keysAtOnceMax) {
      const asked = keys.slice(from, from + keysAtOnceMax);
      const { batches } = await this.table.read('Finding moments', (table) =>
        table
          .query()
          .where(keysSql(asked))
          .select([...momentColumns])
          .toArrow(),
      );
      const rows = new MomentColumns(this.definition.horizons);
      readMoments(rows, batches);
      const rowOf = new Map(Array.from({ length: rows.length }, (_, row) => [keyAt(rows, row), row]));
      for (const key of asked) {
        const row = rowOf.get(keyText(key));
        if (row !== undefined) found.addFrom(rows, row);
      }
    }
    return found;
  }

  /** Its time first, from one column; then the row. */
  async newest(instrument: Instrument, atUs: number): Promise<MomentColumns> {
    const timeUs = await this.table.read('Finding the newest moment', (table) => this.newestUs(table, instrument, atUs));
    if (timeUs === undefined) return new MomentColumns(this.definition.horizons);
    return this.moments({ symbols: [instrument.symbol], market: instrument.market, asOfUs: atUs, fromUs: timeUs }, 1);
  }

  optimize(): Promise<boolean> {
    return this.vectors.optimize();
  }

  stats(): Promise<MomentStoreStats> {
    return this.vectors.stats();
  }

  async close(): Promise<void> {
    await this.vectors.idle();
    await this.table.close();
  }

  /** A merge reads the keys of the whole table, half a second at a million rows; what is newer than all there is only comes on top. */
  private async put(moments: MomentColumns, rows: Int32Array): Promise<void> {
    const batch = momentBatch(this.definition, moments, rows);
    const spans = timesByInstrument(moments, rows);
    await this.table.write('Writing moments', async (opened) => {
      const table = await opened();
      const areNew = await this.areNewest(table, spans);
      try {
        if (areNew) await table.add(batch);
        else await table.mergeInsert(momentKeyColumns).whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(batch);
      } catch (cause) {
        // It may be in or not: ask the table again.
        this.newestByInstrument.clear();
        throw cause;
      }
      for (const { instrument, lastUs } of spans) {
        const key = instrumentKey(instrument);
        this.newestByInstrument.set(key, Math.max(lastUs, this.newestByInstrument.get(key) ?? -Infinity));
      }
    });
  }

  private async areNewest(table: Table, spans: readonly InstrumentTimes[]): Promise<boolean> {
    for (const { instrument, firstUs } of spans) {
      const key = instrumentKey(instrument);
      let newestUs = this.newestByInstrument.get(key);
      if (newestUs === undefined) {
        newestUs = (await this.newestUs(table, instrument, maxTimeUs)) ?? -Infinity;
        this.newestByInstrument.set(key, newestUs);
      }
      if (firstUs <= newestUs) return false;
    }
    return true;
  }

  private async newestUs(table: Table, { market, symbol }: Instrument, atUs: number): Promise<number | undefined> {
    const where = momentFilterSql({ symbols: [symbol], market, asOfUs: atUs }, this.definition);
    const query = matching(table, where).orderBy([{ columnName: 'timestamp', ascending: false }]);
    const { batches } = await query.select(['timestamp']).limit(1).toArrow();
    const [timeUs] = batches.flatMap((batch: RecordBatch) => [...(columnOf(batch, 'timestamp').data[0].values as BigInt64Array)]);
    return timeUs === undefined ? undefined : Number(timeUs);
  }
}

interface InstrumentTimes {
  readonly instrument: Instrument;
  readonly firstUs: number;
  readonly lastUs: number;
}

function timesByInstrument({ instruments, instrument, timeUs }: MomentColumns, rows: Int32Array): readonly InstrumentTimes[] {
  const times = new Map<number, { readonly instrument: Instrument; firstUs: number; lastUs: number }>();
  for (const row of rows) {
    const known = times.get(instrument[row]);
    if (known === undefined) {
      times.set(instrument[row], { instrument: instruments[instrument[row]], firstUs: timeUs[row], lastUs: timeUs[row] });
      continue;
    }
    known.firstUs = Math.min(known.firstUs, timeUs[row]);
    known.lastUs = Math.max(known.lastUs, timeUs[row]);
  }
  return [...times.values()];
}

function matching(table: Table, where: string | undefined) {
  return where === undefined ? table.query() : table.query().where(where);
}

function keyAt({ instruments, instrument, timeUs }: MomentColumns, row: number): string {
  return keyText({ ...instruments[instrument[row]], timeUs: timeUs[row] });
}

function keyText({ timeUs, ...instrument }: MomentKey): string {
  return `${instrumentKey(instrument)} ${timeUs}`;
}
