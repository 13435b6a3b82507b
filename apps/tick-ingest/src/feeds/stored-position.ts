import { liveSources, type FeedConfig, type FeedPosition } from '@hindcast/feeds/unattended';
import { instrumentKey, textAt, wordAt, type Instrument } from '@hindcast/market';
import type { TickReader } from '@hindcast/ports';

export type StoredTrades = Pick<TickReader, 'instruments' | 'trades'>;

/**
 * Where a live feed stands by what is stored, for when nothing else is known: its log was lost, or what was kept of it. A trade
 * of another source, as of a file, says nothing of what this source has told. Undefined where there is none of its own.
 */
export async function storedPosition(config: FeedConfig, store: StoredTrades): Promise<FeedPosition | undefined> {
  const wanted = new Map(liveSources(config).map(({ source, instrument }) => [instrumentKey(instrument), source]));
  if (wanted.size === 0) return undefined;
  const newest = new Map<string, { readonly id: string; readonly timeUs: number }>();
  for (const { table, market, symbol, lastUs: timeUs } of await store.instruments()) {
    const key = instrumentKey({ market, symbol });
    const source = table === 'trades' ? wanted.get(key) : undefined;
    const id = source === undefined ? undefined : await newestId(store, { market, symbol }, { source, timeUs });
    if (id !== undefined) newest.set(key, { id, timeUs });
  }
  return newest.size === 0 ? undefined : { newest };
}

/** Of the trades at this time the last of one source. */
async function newestId(
  store: StoredTrades,
  instrument: Instrument,
  { source, timeUs }: { readonly source: string; readonly timeUs: number },
): Promise<string | undefined> {
  let id: string | undefined;
  for await (const trades of store.trades({ ...instrument, fromUs: timeUs, toUs: timeUs + 1 })) {
    for (let row = 0; row < trades.length; row++) if (wordAt(trades.source, row) === source) id = textAt(trades.id, row);
  }
  return id;
}
