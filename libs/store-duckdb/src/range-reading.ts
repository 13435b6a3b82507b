import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import type { TickRange } from '@hindcast/ports';
import type { InstrumentFile } from './instrument-files.js';
import { slicesOf, type Slice } from './range-slices.js';
import { ResultColumns } from './result-columns.js';
import { timeLiteral, whole } from './sql.js';

/** Asks the file of one instrument, which is held meanwhile; undefined where there is none. */
export type RangeReading = <T>(ask: (reader: DuckDBConnection, file: InstrumentFile) => Promise<T>) => Promise<T | undefined>;

/** Slices that are asked for at once. */
const slicesAhead = 3;

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
  const { range } = query;
  let rowsLeft = range.limit ?? Infinity;
  for await (const read of slicesInOrder(reading, query)) {
    range.signal?.throwIfAborted();
    const piece = read.length > rowsLeft ? query.cut(read, rowsLeft) : read;
    rowsLeft -= piece.length;
    yield piece;
    if (rowsLeft <= 0) return;
  }
}

/** Slices that are read whole are asked for ahead: while one becomes columns, DuckDB works on the next ones. */
async function* slicesInOrder<Piece extends OrderedRows>(reading: RangeReading, query: RangeQuery<Piece>): AsyncGenerator<Piece> {
  const { range, rowsMax } = query;
  const slices = await plan(reading, query);
  const isWhole = (slice: Slice | undefined): boolean => slice !== undefined && slice.rows <= 2 * rowsMax;
  const asked: Promise<Piece | undefined>[] = [];
  for (const [at, slice] of slices.entries()) {
    range.signal?.throwIfAborted();
    if (!isWhole(slice)) {
      yield* pagesOf(reading, query, slice);
      continue;
    }
    while (asked.length < slicesAhead && isWhole(slices.at(at + asked.length)) && at + asked.length < slices.length)
      asked.push(quietly(readSlice(reading, query, { slice: slices[at + asked.length], after: range.after })));
    const piece = await asked.shift();
    if (!piece) return;
    if (piece.length > 0) yield piece;
  }
}

/** A slice with too many rows for one piece, page by page. */
async function* pagesOf<Piece extends OrderedRows>(reading: RangeReading, query: RangeQuery<Piece>, slice: Slice): AsyncGenerator<Piece> {
  const { range, rowsMax } = query;
  const limit = Math.min(rowsMax, range.limit ?? Infinity);
  for (let after = range.after; ;) {
    range.signal?.throwIfAborted();
    const page = await readSlice(reading, query, { slice, after, limit });
    if (!page || page.length === 0) return;
    yield page;
    if (page.length < limit) return;
    after = { timeUs: page.timeUs[page.length - 1], sequence: page.sequence[page.length - 1] };
  }
}

/** While the caller works on one piece, the next one is read. Leaving early ends the reading. */
export async function* oneAhead<Piece>(pieces: AsyncGenerator<Piece>): AsyncGenerator<Piece> {
  try {
    let asked = pieces.next();
    for (;;) {
      const read = await asked;
      if (read.done) return;
      asked = quietly(pieces.next());
      yield read.value;
    }
  } finally {
    await pieces.return(undefined);
  }
}

async function plan<Piece extends OrderedRows>(
  reading: RangeReading,
  { table, range, rowsMax }: RangeQuery<Piece>,
): Promise<readonly Slice[]> {
  range.signal?.throwIfAborted();
  const { toUs, limit = Infinity } = range;
  const fromUs = Math.max(range.fromUs, range.after?.timeUs ?? range.fromUs);
  if (limit <= 0 || fromUs >= toUs) return [];
  // A page of a long range: counting all of it would cost more than the page.
  if (limit <= rowsMax) return [{ fromUs, toUs, rows: Infinity }];
  return (await reading((reader, { file }) => slicesOf(reader, file.table(table), { ...range, fromUs }, rowsMax))) ?? [];
}

interface SliceReading {
  readonly slice: Slice;
  readonly after: Position | undefined;
  /** Rows that are wanted at most; all where it says none. */
  readonly limit?: number;
}

function readSlice<Piece extends OrderedRows>(
  reading: RangeReading,
  query: RangeQuery<Piece>,
  { slice, after, limit }: SliceReading,
): Promise<Piece | undefined> {
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
  const order = limit === undefined ? '' : ` ORDER BY timestamp, sequence LIMIT ${whole(limit)}`;
  return reading(async (reader, file) => {
    const table = file.file.table(query.table);
    const result = await reader.stream(`SELECT ${query.select} FROM ${table} WHERE ${conditions.join(' AND ')}${order}`);
    const columns = new ResultColumns(await allChunks(result));
    return query.take(columns, reader, file);
  });
}

/** To the end: a connection with an answer that is not read to its end can be asked nothing else. */
export async function allChunks(result: DuckDBResult): Promise<readonly DuckDBDataChunk[]> {
  const chunks: DuckDBDataChunk[] = [];
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) chunks.push(chunk);
  return chunks;
}

/** Whoever awaits it gets the failure; what nobody awaits any more may fail in silence. */
function quietly<T>(asked: Promise<T>): Promise<T> {
  asked.catch(() => undefined);
  return asked;
}
