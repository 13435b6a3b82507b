import type { MomentStoreStats, SearchedRows } from '@hindcast/ports';
import type { Table } from '@lancedb/lancedb';
import type { LanceTable } from './lance-table.js';
import { nearestRows, nearestRowsUntilStable, type AnswerReader, type RowsFound } from './nearest-rows.js';
import { foundAmong, measureProbes, type MeasuredProbes } from './probes-needed.js';
import { RecallSamples } from './recall-samples.js';
import { partitionsFor, planSearch, planUpkeep, type VectorShape } from './search-plan.js';
import { SerialQueue } from './serial-queue.js';
import { TableFacts, type VectorIndexFacts } from './table-facts.js';
import { buildVectorIndex, vectorIndexName } from './vector-index.js';

export interface VectorQuestion<Found extends RowsFound> {
  readonly vector: Float32Array;
  readonly k: number;
  readonly where: string | undefined;
  readonly search: 'auto' | 'exact';
  readonly reader: AnswerReader<Found>;
}

/** The answer, and how it was come by. */
export interface VectorAnswer<Found extends RowsFound> extends SearchedRows {
  readonly found: Found;
}

/** Now and then an indexed search is asked again exactly, beside the others. */
const recallEveryUs = 5_000_000;
const recallNeighbours = 10;
const anotherIndexShare = 0.1;

/** The column `vector` of a table: searched exactly or through its index, which is renewed when that is worth it. */
export class SearchedVectors {
  private readonly facts = new TableFacts(vectorIndexName);
  private readonly upkeep = new SerialQueue();
  private readonly samples = new RecallSamples();
  private sampling: Promise<void> | undefined;
  private sampledUs = -Infinity;
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
      const probesNeeded = index === null ? undefined : this.probesOf(table, index)?.needed;
      const plan = planSearch({ rows, candidates, k, hasIndex: index !== null, search, probesNeeded }, this.shape);
      if (plan.kind === 'exact') {
        return { ...facts, found: await nearestRows(table, { ...question, nprobes: null }), exact: true, nprobes: null };
      }
      const answer = { ...facts, ...(await nearestRowsUntilStable(table, { ...question, ...plan })), exact: false };
      this.sampleRecall(table, question, answer.found);
      return answer;
    });
  }

  count(where: string | undefined): Promise<number> {
    return this.table.read('Counting', async (table) => (await this.facts.of(table, where)).candidates);
  }

  /** True where something was done. */
  optimize(): Promise<boolean> {
    return this.upkeep.run(async () => {
      const due = await this.table.write('Putting files together', async (table) => this.compactWhereDue(await table()));
      if (due !== 'reindex') return due === 'compact';
      // Beside the writes, which go on: what comes meanwhile is found outside the index.
      await this.table.read('Building the index', async (table) => buildVectorIndex(table, this.shape, await table.countRows()));
      this.measured = undefined;
      await this.table.read('Measuring the index', (table) => this.measure(table));
      return true;
    });
  }

  async stats(): Promise<MomentStoreStats> {
    return this.table.read('Reading statistics', async (table) => {
      const [{ numRows, totalBytes, fragmentStats }, index] = await Promise.all([table.stats(), this.facts.readIndex(table)]);
      return {
        rows: numRows,
        index: index?.name ?? null,
        indexType: index?.type ?? null,
        partitions: index && partitionsFor(index.rowsIndexed, this.shape),
        recall: index && this.samples.recall,
        rowsNotIndexed: index?.rowsNotIndexed ?? numRows,
        indexSegments: index?.segments ?? 0,
        sizeBytes: totalBytes,
        fragments: fragmentStats.numFragments,
      };
    });
  }

  /** Resolves when nothing is under way any more that nobody waits for. */
  async idle(): Promise<void> {
    await this.upkeep.idle();
    await this.measured?.done;
    await this.sampling;
  }

  private async compactWhereDue(table: Table): Promise<ReturnType<typeof planUpkeep>> {
    const [{ numRows, fragmentStats }, index] = await Promise.all([table.stats(), this.facts.readIndex(table)]);
    const facts = {
      rows: numRows,
      rowsNotIndexed: index?.rowsNotIndexed ?? numRows,
      hasIndex: index !== null,
      segments: index?.segments ?? 0,
      fragments: fragmentStats.numFragments,
    };
    const due = planUpkeep(facts, this.shape);
    // A version that is older than the clean-up's limit and tagged makes optimize throw: name the limit. The index comes
    // after it, because optimize also joins small partitions: it made 7 of 256, and a search ten times as slow.
    if (due !== 'none') await table.optimize({ cleanupOlderThan: this.table.directory.cleanupOlderThan });
    return due;
  }

  private async measure(table: Table): Promise<void> {
    const index = await this.facts.readIndex(table);
    if (index !== null) this.probesOf(table, index);
    await this.measured?.done;
  }

  /** Undefined until it is measured, which happens beside the searches, each of which makes sure itself until then. */
  private probesOf(table: Table, { rowsIndexed }: VectorIndexFacts): MeasuredProbes | undefined {
    if (this.measured === undefined || isAnotherIndex(this.measured.rowsIndexed, rowsIndexed)) {
      const measured: MeasuredIndex = { rowsIndexed, probes: undefined, done: Promise.resolve() };
      measured.done = measureProbes(table, rowsIndexed, this.shape).then(
        (probes) => {
          measured.probes = probes;
          if (this.measured !== measured) return;
          this.samples.clear();
          this.samples.add(probes.recall);
        },
        // The next search meets the same failure, and reports it.
        () => {
          if (this.measured === measured) this.measured = undefined;
        },
      );
      this.measured = measured;
    }
    return this.measured.probes;
  }

  /** One at a time, and only where nothing was written between the search and its exact twin. */
  private sampleRecall<Found extends RowsFound>(table: Table, question: VectorQuestion<Found>, { distances }: Found): void {
    const nowUs = this.table.directory.clock.nowUs();
    if (this.sampling !== undefined || nowUs - this.sampledUs < recallEveryUs) return;
    this.sampledUs = nowUs;
    const k = Math.min(question.k, recallNeighbours);
    const sampled = async (): Promise<void> => {
      const version = await table.version();
      const exact = await nearestRows(table, { ...question, k, nprobes: null });
      if ((await table.version()) === version)
        this.samples.add({ found: foundAmong(distances, exact.distances, k), of: exact.distances.length });
    };
    // A table that fails tells the next one who asks.
    this.sampling = sampled()
      .catch(() => undefined)
      .then(() => void (this.sampling = undefined));
  }
}

/** Rows that are written again leave an index one by one; only another one has many more or fewer. */
function isAnotherIndex(measuredRows: number, rowsIndexed: number): boolean {
  return Math.abs(rowsIndexed - measuredRows) > anotherIndexShare * measuredRows;
}

/** An index, known by how many rows it holds, and what was measured of it. */
interface MeasuredIndex {
  readonly rowsIndexed: number;
  probes: MeasuredProbes | undefined;
  done: Promise<void>;
}
