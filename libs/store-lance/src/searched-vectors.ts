import type { Table } from '@lancedb/lancedb';
import type { LanceTable } from './lance-table.js';
import { nearestRows, nearestRowsUntilStable, type AnswerReader, type RowsFound } from './nearest-rows.js';
import { probesNeeded } from './probes-needed.js';
import { planSearch, planUpkeep, type VectorShape } from './search-plan.js';
import { TableFacts, type VectorIndexFacts } from './table-facts.js';
import { buildVectorIndex, vectorIndexName } from './vector-index.js';

/** Old versions are kept this long for readers in other processes. */
const versionsKeptMs = 10 * 60_000;

export interface VectorQuestion<Found extends RowsFound> {
  readonly vector: Float32Array;
  readonly k: number;
  readonly where: string | undefined;
  readonly search: 'auto' | 'exact';
  readonly reader: AnswerReader<Found>;
}

/** The answer, and how it was come by. */
export interface VectorAnswer<Found extends RowsFound> {
  readonly found: Found;
  readonly index: string | null;
  readonly rows: number;
  readonly candidates: number;
  readonly exact: boolean;
  readonly nprobes: number | null;
  readonly rowsNotIndexed: number;
}

export interface VectorTableStats {
  readonly rows: number;
  readonly index: string | null;
  readonly indexType: string | null;
  readonly rowsNotIndexed: number;
  readonly indexSegments: number;
  readonly sizeBytes: number;
  readonly fragments: number;
}

/** The column `vector` of a table: searched exactly or through its index, which is renewed when that is worth it. */
export class SearchedVectors {
  private readonly facts = new TableFacts(vectorIndexName);
  private measured: MeasuredIndex | undefined;

  constructor(
    private readonly table: LanceTable,
    private readonly shape: VectorShape,
  ) {}

  async search<Found extends RowsFound>(question: VectorQuestion<Found>): Promise<VectorAnswer<Found>> {
    const { where, reader, search, k } = question;
    return this.table.read('Searching', async (table) => {
      const { rows, candidates, index } = await this.facts.of(table, where);
      const facts = { index: index?.name ?? null, rows, candidates, rowsNotIndexed: index?.rowsNotIndexed ?? rows };
      if (candidates === 0) return { ...facts, found: reader.read([], k), exact: true, nprobes: null };
      const known = index === null ? undefined : this.probesNeeded(table, index);
      const plan = planSearch({ rows, candidates, hasIndex: index !== null, search, probesNeeded: known }, this.shape);
      if (plan.kind === 'exact') {
        return { ...facts, found: await nearestRows(table, { ...question, nprobes: null }), exact: true, nprobes: null };
      }
      return { ...facts, ...(await nearestRowsUntilStable(table, { ...question, ...plan })), exact: false };
    });
  }

  count(where: string | undefined): Promise<number> {
    return this.table.read('Counting', async (table) => (await this.facts.of(table, where)).candidates);
  }

  /** True where something was done. */
  async optimize(): Promise<boolean> {
    const due = await this.table.write('Renewing the indexes', async (table) => this.renewIndexes(await table()));
    // Behind the writes that waited.
    if (due === 'reindex') await this.table.read('Measuring the index', (table) => this.measure(table));
    return due !== 'none';
  }

  async stats(): Promise<VectorTableStats> {
    return this.table.read('Reading statistics', async (table) => {
      const [{ numRows, totalBytes, fragmentStats }, index] = await Promise.all([table.stats(), this.facts.readIndex(table)]);
      return {
        rows: numRows,
        index: index?.name ?? null,
        indexType: index?.type ?? null,
        rowsNotIndexed: index?.rowsNotIndexed ?? numRows,
        indexSegments: index?.segments ?? 0,
        sizeBytes: totalBytes,
        fragments: fragmentStats.numFragments,
      };
    });
  }

  /** Resolves when nothing reads any more that nobody waits for. */
  async idle(): Promise<void> {
    await this.measured?.done;
  }

  private async renewIndexes(table: Table): Promise<ReturnType<typeof planUpkeep>> {
    const [{ numRows, fragmentStats }, index] = await Promise.all([table.stats(), this.facts.readIndex(table)]);
    const facts = {
      rows: numRows,
      rowsNotIndexed: index?.rowsNotIndexed ?? numRows,
      hasIndex: index !== null,
      segments: index?.segments ?? 0,
      fragments: fragmentStats.numFragments,
    };
    const due = planUpkeep(facts, this.shape);
    if (due === 'none') return due;
    // A version that is older than the clean-up's limit and tagged makes optimize throw: name the limit.
    await table.optimize({ cleanupOlderThan: new Date(this.table.directory.clock.nowUs() / 1000 - versionsKeptMs) });
    // Last, because optimize also joins small partitions: it made 7 of 256, and a search ten times as slow.
    if (due === 'reindex') await buildVectorIndex(table, this.shape, numRows);
    return due;
  }

  private async measure(table: Table): Promise<void> {
    const index = await this.facts.readIndex(table);
    if (index !== null) this.probesNeeded(table, index);
    await this.measured?.done;
  }

  /** Undefined until it is measured, which happens beside the searches, each of which makes sure itself until then. */
  private probesNeeded(table: Table, { rowsIndexed }: VectorIndexFacts): number | undefined {
    if (this.measured?.rowsIndexed !== rowsIndexed) {
      const measured: MeasuredIndex = { rowsIndexed, probes: undefined, done: Promise.resolve() };
      measured.done = probesNeeded(table, rowsIndexed, this.shape).then(
        (probes) => void (measured.probes = probes),
        // The next search meets the same failure, and reports it.
        () => void (this.measured = undefined),
      );
      this.measured = measured;
    }
    return this.measured.probes;
  }
}

/** An index, known by how many rows it holds, and what was measured of it. */
interface MeasuredIndex {
  readonly rowsIndexed: number;
  probes: number | undefined;
  done: Promise<void>;
}
