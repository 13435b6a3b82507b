import type { QuoteColumns, TradeColumns } from '../columns.js';
import {
  flagKind,
  numberKind,
  optionalNumberKind,
  optionalWordKind,
  sideKind,
  textKind,
  timestampKind,
  wholeNumberKind,
  wordKind,
} from './arrow-columns.js';
import { column, tableCodec, type ColumnDefinition, type TableStream } from './table-codec.js';

const tradeDefinitions = [
  column('timestamp', 'timeUs', timestampKind),
  column('symbol', 'symbol', wordKind),
  column('sequence', 'sequence', wholeNumberKind),
  column('market', 'market', wordKind),
  column('exchange', 'exchange', optionalWordKind),
  column('trade_id', 'id', textKind),
  column('price', 'price', numberKind),
  column('size', 'size', numberKind),
  column('side', 'side', sideKind),
  column('side_inferred', 'sideInferred', flagKind),
  column('late', 'late', flagKind),
  column('received_at', 'receivedAtUs', timestampKind),
  column('source', 'source', wordKind),
  column('conditions', 'conditions', optionalWordKind),
];

const quoteDefinitions = [
  column('timestamp', 'timeUs', timestampKind),
  column('symbol', 'symbol', wordKind),
  column('sequence', 'sequence', wholeNumberKind),
  column('market', 'market', wordKind),
  column('exchange', 'exchange', optionalWordKind),
  column('quote_id', 'id', textKind),
  column('bid', 'bid', optionalNumberKind),
  column('bid_size', 'bidSize', optionalNumberKind),
  column('ask', 'ask', optionalNumberKind),
  column('ask_size', 'askSize', optionalNumberKind),
  column('received_at', 'receivedAtUs', timestampKind),
  column('source', 'source', wordKind),
  column('conditions', 'conditions', optionalWordKind),
];

const tradeCodec = tableCodec<TradeColumns>(tradeDefinitions);
const quoteCodec = tableCodec<QuoteColumns>(quoteDefinitions);

/** What a door reads of ticks that are not admitted yet; `position` orders trades and quotes among each other. */
const pushedTradeCodec = tableCodec<TradeColumns>([
  column('timestamp', 'timeUs', timestampKind),
  column('symbol', 'symbol', wordKind),
  column('position', 'sequence', wholeNumberKind),
  column('market', 'market', wordKind),
  column('exchange', 'exchange', optionalWordKind),
  column('trade_id', 'id', textKind),
  column('price', 'price', numberKind),
  column('size', 'size', numberKind),
  column('side', 'side', sideKind),
  column('conditions', 'conditions', optionalWordKind),
]);

const pushedQuoteCodec = tableCodec<QuoteColumns>([
  column('timestamp', 'timeUs', timestampKind),
  column('symbol', 'symbol', wordKind),
  column('position', 'sequence', wholeNumberKind),
  column('market', 'market', wordKind),
  column('exchange', 'exchange', optionalWordKind),
  column('quote_id', 'id', textKind),
  column('bid', 'bid', optionalNumberKind),
  column('bid_size', 'bidSize', optionalNumberKind),
  column('ask', 'ask', optionalNumberKind),
  column('ask_size', 'askSize', optionalNumberKind),
  column('conditions', 'conditions', optionalWordKind),
]);

/**
 * Ticks as every Arrow library reads them: one IPC stream with one record batch, columns named and ordered as in the
 * store's tables. Times and sequences must be whole numbers; absent words, sides and halves of a quote are null.
 */
export function encodeTrades(trades: TradeColumns): Uint8Array {
  return tradeCodec.encode(trades);
}

/** Reads what `encodeTrades` wrote; `parseArrowTicks` reads what others write. */
export function decodeTrades(bytes: Uint8Array): TradeColumns {
  return tradeCodec.decode(bytes);
}

export function encodeQuotes(quotes: QuoteColumns): Uint8Array {
  return quoteCodec.encode(quotes);
}

export function decodeQuotes(bytes: Uint8Array): QuoteColumns {
  return quoteCodec.decode(bytes);
}

/** Many pieces as one Arrow IPC stream, of these columns in this order where they are named. */
export function tradeStream(names?: readonly string[]): TableStream<TradeColumns> {
  return (names ? tableCodec<TradeColumns>(named(tradeDefinitions, names)) : tradeCodec).stream();
}

export function quoteStream(names?: readonly string[]): TableStream<QuoteColumns> {
  return (names ? tableCodec<QuoteColumns>(named(quoteDefinitions, names)) : quoteCodec).stream();
}

function named(definitions: readonly ColumnDefinition[], names: readonly string[]): readonly ColumnDefinition[] {
  return names.flatMap((wanted) => definitions.filter(({ name }) => name === wanted));
}

/** The property that holds each column of the table, by the column's name. */
export const tradeProperties = propertiesOf<TradeColumns>(tradeDefinitions);
export const quoteProperties = propertiesOf<QuoteColumns>(quoteDefinitions);

function propertiesOf<Columns>(definitions: readonly ColumnDefinition[]): ReadonlyMap<string, keyof Columns> {
  return new Map(definitions.map(({ name, property }) => [name, property as keyof Columns]));
}

/** Trades for `TickIngest.Push`, before admission: `parseArrowTicks` reads them on the other side. */
export function encodePushedTrades(trades: TradeColumns): Uint8Array {
  return pushedTradeCodec.encode(trades);
}

export function encodePushedQuotes(quotes: QuoteColumns): Uint8Array {
  return pushedQuoteCodec.encode(quotes);
}
