import type { DuckDBConnection } from '@duckdb/node-api';
import type { TickRange } from '@hindcast/ports';
import type { InstrumentFile } from './instrument-files.js';
import { slicesOf, type Slice } from './range-slices.js';
import { ResultColumns } from './result-columns.js';
import { timeLiteral, whole } from './sql.js';

/** Asks the file of one instrument, which is held meanwhile; undefined where there is none. */
export type RangeReading = <T>(ask: (reader: DuckDBConnection, file: InstrumentFile) => Promise<T>) => Promise<T | undefined>;

/** Where a reader stands: rows after this one follow. */
type Position = NonNullable<TickRange['after']>;

/** What a piece has whatever it is made of: columns of the same length. */
export interface OrderedRows {
  readonly length: number;
  readonly timeUs: Float64Array;
  readonly sequence: Float64Array;
}

export interface RangeQuery<Piece extends OrderedRows> {
  readonly table: string;
  /** The time and the sequence are its first two columns. */
  readonly select: string;
  readonly range: TickRange;
  /** A further condition of its rows. */
  readonly only?: string;
  /** Rows of a piece. */
  readonly rowsMax: number;
  /** Makes a piece of an answer, in the order of time and sequence. */
  readonly take: (columns: ResultColumns, reader: DuckDBConnection, file: InstrumentFile) => Promise<Piece>;
  /** The first rows of a piece. */
  readonly cut: (piece: Piece, rows: number) => Piece;
}

/**
 * An instrument's rows of a range in the order of time and sequence. Rows lie in the order of their arrival, which is nearly
 * that: so slices of time are read as they lie, and put in order here where they are not. Where a slice has more rows than
 * a piece may, or fewer are wanted than it has, DuckDB sorts.
 */
export async function* readInOrder<Piece extends OrderedRows>(reading: RangeReading, query: RangeQuery<Piece>): AsyncGenerator<Piece> {
  const { range, rowsMax } = query;
  const { signal, limit = Infinity } = range;
  const fromUs = Math.max(range.fromUs, range.after?.timeUs ?? range.fromUs);
  let after = range.after;
  let rowsLeft = limit;
  for (const slice of await plan(reading, query, fromUs)) {
    for (let isThrough = false; !isThrough && rowsLeft > 0;) {
      signal?.throwIfAborted();
      const isWhole = slice.rows <= Math.min(rowsLeft, 2 * rowsMax);
      const bound = isWhole ? Infinity : Math.min(rowsMax, rowsLeft);
      const read = await reading((reader, file) => readSlice({ reader, file, query, slice, after, bound }));
      if (!read) return;
      isThrough = read.length < bound;
      if (read.length === 0) continue;
      const piece = read.length > rowsLeft ? query.cut(read, rowsLeft) : read;
      rowsLeft -= piece.length;
      after = { timeUs: piece.timeUs[piece.length - 1], sequence: piece.sequence[piece.length - 1] };
      signal?.throwIfAborted();
      yield piece;
    }
  }
}

/** While the caller works on one piece, the next one is read. Leaving early ends the reading. */
export async function* oneAhead<Piece>(pieces: AsyncGenerator<Piece>): AsyncGenerator<Piece> {
  try {
    let asked = pieces.next();
    for (;;) {
      const read = await asked;
      if (read.done) return;
      asked = pieces.next();
      // Whoever awaits it gets the failure; a piece that nobody awaits any more may fail in silence.
      asked.catch(() => undefined);
      yield read.value;
    }
  } finally {
    await pieces.return(undefined);
  }
}

async function plan<Piece extends OrderedRows>(
  reading: RangeReading,
  { table, range, rowsMax }: RangeQuery<Piece>,
  fromUs: number,
): Promise<readonly Slice[]> {
  range.signal?.throwIfAborted();
  const { toUs, limit = Infinity } = range;
  if (limit <= 0 || fromUs >= toUs) return [];
  // A page of a long range: counting all of it would cost more than the page.
  if (limit <= rowsMax) return [{ fromUs, toUs, rows: Infinity }];
  return (await reading((reader, { file }) => slicesOf(reader, file.table(table), { ...range, fromUs }, rowsMax))) ?? [];
}

interface SliceReading<Piece extends OrderedRows> {
  readonly reader: DuckDBConnection;
  readonly file: InstrumentFile;
  readonly query: RangeQuery<Piece>;
  readonly slice: Slice;
  readonly after: Position | undefined;
  /** Rows that are wanted at most; Infinity where all are. */
  readonly bound: number;
}

async function readSlice<Piece extends OrderedRows>({ reader, file, query, slice, after, bound }: SliceReading<Piece>): Promise<Piece> {
  const conditions = [
    ...(query.only ? [query.only] : []),
    `timestamp >= ${timeLiteral(slice.fromUs)}`,
    `timestamp < ${timeLiteral(slice.toUs)}`,
  ];
  if (after && after.timeUs >= slice.fromUs)
    conditions.push(
      `timestamp >= ${timeLiteral(after.timeUs)}`,
      `(timestamp > ${timeLiteral(after.timeUs)} OR sequence > ${whole(after.sequence)})`,
    );
  const order = bound === Infinity ? '' : ` ORDER BY timestamp, sequence LIMIT ${whole(bound)}`;
  const result = await reader.run(`SELECT ${query.select} FROM ${file.file.table(query.table)} WHERE ${conditions.join(' AND ')}${order}`);
  return query.take(new ResultColumns(result), reader, file);
}
