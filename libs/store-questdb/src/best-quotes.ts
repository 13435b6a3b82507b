import { secondUs } from '@hindcast/contracts';
import type { BestQuotes } from '@hindcast/market';
import { secondWindows, type QuoteRange, type StoredEnds } from '@hindcast/ports';
import type { QuestDbHttp } from './questdb-http.js';
import { literal, timeLiteral, where } from './sql.js';

/** Seconds of one answer: some megabytes of JSON. */
const secondsMax = 20_000;

/** Time, price and size of one side of the book. */
type SideRow = readonly [number, number, number | null];

/** The store finds the newest quote of each second and side, so that no other one has to be written out and sent. */
export async function* bestQuotesOf(http: QuestDbHttp, range: QuoteRange): AsyncGenerator<BestQuotes> {
  const { signal } = range;
  const ask = async (sql: string) => http.query(sql, signal ? { signal } : {});
  const storedEnds = async (): Promise<StoredEnds | undefined> => {
    const [[firstUs, lastUs]] = await ask(`SELECT min(timestamp)::long, max(timestamp)::long FROM quotes${where(conditionsOf(range))}`);
    return firstUs === null ? undefined : { firstUs: firstUs as number, lastUs: lastUs as number };
  };
  for await (const window of secondWindows(range, secondsMax, storedEnds)) {
    const [bids, asks] = await Promise.all((['bid', 'ask'] as const).map((side) => ask(sideSql(side, window))));
    if (bids.length + asks.length > 0) yield joined(bids as readonly SideRow[], asks as readonly SideRow[]);
  }
}

/** Of quotes of one time the last by sequence: not all that a second's last microsecond has, of which there may be any number. */
function sideSql(side: 'bid' | 'ask', range: QuoteRange): string {
  const conditions = [...conditionsOf(range), `${side} IS NOT NULL`];
  const newest = `SELECT max(timestamp) newest FROM quotes${where(conditions)} GROUP BY timestamp_floor('s', timestamp)`;
  const last =
    `SELECT q.timestamp at, max(q.sequence) last_sequence FROM quotes q JOIN (${newest}) n ON q.timestamp = n.newest` +
    `${where(conditions.map((condition) => `q.${condition}`))} GROUP BY q.timestamp`;
  return (
    `SELECT q.timestamp::long, q.${side}, q.${side}_size FROM quotes q JOIN (${last}) l ON q.sequence = l.last_sequence` +
    `${where(conditionsOf(range).map((condition) => `q.${condition}`))} ORDER BY q.timestamp`
  );
}

/** Each begins with the column that it is about. */
function conditionsOf({ market, symbol, fromUs, toUs }: QuoteRange): readonly string[] {
  return [
    `symbol = ${literal(symbol)}`,
    `market = ${literal(market)}`,
    `timestamp >= ${timeLiteral(fromUs)}`,
    `timestamp < ${timeLiteral(toUs)}`,
  ];
}

function joined(bids: readonly SideRow[], asks: readonly SideRow[]): BestQuotes {
  const bidOf = new Map(bids.map((row) => [secondOf(row), row]));
  const askOf = new Map(asks.map((row) => [secondOf(row), row]));
  const startUs = Float64Array.from(new Set([...bidOf.keys(), ...askOf.keys()])).sort();
  const column = (of: ReadonlyMap<number, SideRow>, at: 1 | 2): Float64Array => startUs.map((second) => of.get(second)?.[at] ?? NaN);
  return {
    length: startUs.length,
    startUs,
    bid: column(bidOf, 1),
    bidSize: column(bidOf, 2),
    ask: column(askOf, 1),
    askSize: column(askOf, 2),
  };
}

function secondOf([timeUs]: SideRow): number {
  return Math.floor(timeUs / secondUs) * secondUs;
}
