import type { TickKind } from '@hindcast/contracts';
import type { Instrument } from '@hindcast/market';
import type { RawTable } from './raw-table.js';
import { TickConverter, type TickRows, type TickTable } from './tick-table.js';
import type { RowFault, TickReader, TickRow } from './tick-reader.js';

const nothing: TickRows = {
  length: 0,
  timeUs: new Float64Array(0),
  lines: new Float64Array(0),
  instruments: [],
  exchange: [],
  conditions: [],
  source: [],
  id: [],
  first: new Float64Array(0),
  firstSize: new Float64Array(0),
  second: new Float64Array(0),
  secondSize: new Float64Array(0),
  side: new Uint8Array(0),
  faults: new Map(),
};

const writer = new TextEncoder();

/** Every row of a table as ticks, in the order of the file. */
export async function* ticksOf(raw: RawTable, table: TickTable): AsyncGenerator<TickRows> {
  const converter = new TickConverter(table);
  for await (const block of raw.blocks(Object.values(table.fields))) yield converter.convert(block);
}

export interface TableReaderParts {
  readonly path: string;
  readonly table: TickTable;
  /** In the order of time. */
  readonly rows: () => AsyncGenerator<TickRows>;
  /** No row is earlier: until the merge comes to it the file stays closed. */
  readonly firstUs: number;
}

/** Rows of a table for the merge. */
export class TableReader implements TickReader {
  readonly kind: TickKind;
  readonly instrument: Instrument;
  at = 0;
  length = 0;
  timeUs: Float64Array = new Float64Array(0);
  isPending = false;
  private block: TickRows = nothing;
  private ids: readonly string[] = [];
  private blocks: AsyncGenerator<TickRows> | undefined;
  private readonly counted = new CountedIds();

  constructor(private readonly parts: TableReaderParts) {
    this.kind = parts.table.kind;
    this.instrument = parts.table.instrument ?? { market: '', symbol: '' };
  }

  get path(): string {
    return this.parts.path;
  }

  /** The first time it only says when its rows begin. */
  async load(): Promise<boolean> {
    this.at = 0;
    if (!this.blocks) {
      this.blocks = this.parts.rows();
      this.isPending = true;
      this.timeUs = Float64Array.of(this.parts.firstUs);
      this.length = 1;
      return true;
    }
    this.isPending = false;
    const next = await this.blocks.next();
    if (next.done === true) return false;
    this.block = next.value;
    this.ids = this.counted.complete(this.block);
    this.length = this.block.length;
    this.timeUs = this.block.timeUs;
    return true;
  }

  async close(): Promise<void> {
    await this.blocks?.return(undefined);
  }

  line(): number {
    return this.block.lines[this.at];
  }

  fault(): RowFault | undefined {
    return this.block.faults.get(this.at);
  }

  read(row: TickRow): void {
    const { block, at } = this;
    const { market, symbol } = block.instruments[at];
    row.market = market;
    row.symbol = symbol;
    row.source = block.source[at];
    row.exchange = block.exchange[at];
    row.conditions = block.conditions[at];
    row.first = block.first[at];
    row.firstSize = block.firstSize[at];
    row.second = block.second[at];
    row.secondSize = block.secondSize[at];
    row.side = block.side[at];
  }

  writeId(bytes: Uint8Array, at: number): number {
    return at + writer.encodeInto(this.ids[this.at], bytes.subarray(at)).written;
  }
}

/**
 * A row without an id gets one that follows from the file: its time, and how many rows of the same instrument and exchange
 * have had that time before it. So files that overlap agree, wherever one begins.
 */
class CountedIds {
  private readonly ordinals = new Map<string, number>();
  private timeUs = NaN;

  complete(block: TickRows): readonly string[] {
    if (block.id.every((id) => id !== '')) return block.id;
    return block.id.map((id, row) => (id !== '' || block.faults.has(row) ? id : this.next(block, row)));
  }

  private next({ timeUs, instruments, exchange }: TickRows, row: number): string {
    if (timeUs[row] !== this.timeUs) {
      this.ordinals.clear();
      this.timeUs = timeUs[row];
    }
    const key = `${instruments[row].market} ${instruments[row].symbol} ${exchange[row]}`;
    const ordinal = this.ordinals.get(key) ?? 0;
    this.ordinals.set(key, ordinal + 1);
    return `${this.timeUs}-${ordinal}`;
  }
}
