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
import { column, tableCodec, type TableStream } from './table-codec.js';

const tradeCodec = tableCodec<TradeColumns>([
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
]);

const quoteCodec = tableCodec<QuoteColumns>([
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
]);

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

/** Many pieces as one Arrow IPC stream. */
export function tradeStream(): TableStream<TradeColumns> {
  return tradeCodec.stream();
}

export function quoteStream(): TableStream<QuoteColumns> {
  return quoteCodec.stream();
}

/** Trades for `TickIngest.Push`, before admission: `parseArrowTicks` reads them on the other side. */
export function encodePushedTrades(trades: TradeColumns): Uint8Array {
  return pushedTradeCodec.encode(trades);
}

export function encodePushedQuotes(quotes: QuoteColumns): Uint8Array {
  return pushedQuoteCodec.encode(quotes);
}
