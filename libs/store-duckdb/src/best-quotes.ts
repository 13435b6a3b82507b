import type { DuckDBConnection } from '@duckdb/node-api';
import { secondUs } from '@hindcast/contracts';
import type { BestQuotes } from '@hindcast/market';
import { secondWindows, type QuoteRange, type StoredEnds } from '@hindcast/ports';
import { askRows } from './ask-rows.js';
import { allChunks, type RangeReading } from './range-reading.js';
import { ResultColumns } from './result-columns.js';
import { timeLiteral } from './sql.js';

/** Seconds of one answer. */
const secondsMax = 32_768;

/** Time and sequence as one number: exact, where a row of the two takes DuckDB twice as long to compare. */
const place = `epoch_us(timestamp)::HUGEINT * ${2 ** 53} + sequence`;

/** DuckDB finds the newest quote of each second and side; folding them here would take six times as long. */
export async function* bestQuotesOf(reading: RangeReading, range: QuoteRange): AsyncGenerator<BestQuotes> {
  const storedEnds = () => reading((reader, { file }) => endsOf(reader, file.table('quote_rows'), range));
  for await (const window of secondWindows(range, secondsMax, storedEnds)) {
    const best = await reading((reader, { file }) => read(reader, file.table('quote_rows'), window));
    if (best && best.length > 0) yield best;
  }
}

async function endsOf(reader: DuckDBConnection, table: string, range: QuoteRange): Promise<StoredEnds | undefined> {
  const [[firstUs, lastUs]] = await askRows<[number | null, number | null]>(
    reader,
    `SELECT epoch_us(min(timestamp))::DOUBLE, epoch_us(max(timestamp))::DOUBLE FROM ${table} WHERE ${within(range)}`,
  );
  return firstUs === null || lastUs === null ? undefined : { firstUs, lastUs };
}

async function read(reader: DuckDBConnection, table: string, range: QuoteRange): Promise<BestQuotes> {
  const newest = (side: 'bid' | 'ask'): string =>
    `arg_max({'price': ${side}, 'size': ${side}_size}, place) FILTER (${side} IS NOT NULL) AS newest_${side}`;
  const result = await reader.stream(
    `SELECT second::DOUBLE, newest_bid.price, newest_bid.size, newest_ask.price, newest_ask.size FROM (` +
      `SELECT epoch_us(timestamp) // ${secondUs} * ${secondUs} AS second, ${newest('bid')}, ${newest('ask')} FROM (` +
      `SELECT *, ${place} AS place FROM ${table} WHERE ${within(range)}) GROUP BY second) ORDER BY second`,
  );
  const columns = new ResultColumns(await allChunks(result));
  const [startUs, bid, bidSize, ask, askSize] = [0, 1, 2, 3, 4].map((at) => columns.doubles(at));
  return { length: columns.length, startUs, bid, bidSize, ask, askSize };
}

function within({ fromUs, toUs }: QuoteRange): string {
  return `timestamp >= ${timeLiteral(fromUs)} AND timestamp < ${timeLiteral(toUs)}`;
}
