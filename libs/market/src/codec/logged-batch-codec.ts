import { HindcastError } from '@hindcast/contracts';
import { codedColumn, type QuoteColumns, type TradeColumns } from '../columns.js';
import type { LoggedBatch } from '../tick-batch.js';
import { aligned } from './table-codec.js';
import { decodeQuotes, decodeTrades, encodeQuotes, encodeTrades } from './tick-codec.js';

/**
 * A batch as the log holds it, little-endian:
 *
 *     0  'HCLB'                    4  version, u32
 *     8  length of the header      12 length of trades
 *     16 length of quotes          20 zero
 *     24 the header, JSON, then trades and quotes, Arrow IPC streams, each starting at a multiple of 8
 *
 * A section without rows has length 0. The Arrow sections can be cut out and given to any Arrow reader as they are.
 */
const magic = 0x424c4348;
const version = 1;
const preambleBytes = 24;

/** All of a batch but its tables. */
export type LoggedBatchHeader = Omit<LoggedBatch, 'trades' | 'quotes'>;

const utf8 = new TextEncoder();
const utf8Reader = new TextDecoder('utf-8', { fatal: true });

export function encodeLoggedBatch(batch: LoggedBatch): Uint8Array {
  const { number, source, receivedAtUs, slackUs, marks, rejected } = batch;
  const header = utf8.encode(JSON.stringify({ number, source, receivedAtUs, slackUs, marks, rejected } satisfies LoggedBatchHeader));
  const trades = batch.trades.length === 0 ? new Uint8Array(0) : encodeTrades(batch.trades);
  const quotes = batch.quotes.length === 0 ? new Uint8Array(0) : encodeQuotes(batch.quotes);
  const tradesStart = preambleBytes + roundUp(header.length);
  const quotesStart = tradesStart + roundUp(trades.length);
  const bytes = new Uint8Array(quotesStart + roundUp(quotes.length));
  bytes.set(new Uint8Array(Uint32Array.of(magic, version, header.length, trades.length, quotes.length, 0).buffer));
  bytes.set(header, preambleBytes);
  bytes.set(trades, tradesStart);
  bytes.set(quotes, quotesStart);
  return bytes;
}

/** Columns share memory with `bytes`: leave `bytes` alone afterwards. Anything else than a batch is BODY_INVALID. */
export function decodeLoggedBatch(bytes: Uint8Array): LoggedBatch {
  const { header, trades, quotes } = sectionsOf(aligned(bytes));
  return {
    ...decodeHeader(header),
    trades: trades.length === 0 ? emptyTrades : decodeTrades(trades),
    quotes: quotes.length === 0 ? emptyQuotes : decodeQuotes(quotes),
  };
}

/**
 * The Arrow streams of a batch as they rest, for passing them on without decoding: what `encodeTrades` and `encodeQuotes`
 * make of its tables, and nothing where a table has no rows. They share memory with `bytes`.
 */
export function arrowSectionsOf(bytes: Uint8Array): { readonly trades: Uint8Array; readonly quotes: Uint8Array } {
  const { trades, quotes } = sectionsOf(aligned(bytes));
  return { trades, quotes };
}

export function headerOf(bytes: Uint8Array): LoggedBatchHeader {
  return decodeHeader(sectionsOf(aligned(bytes)).header);
}

interface Sections {
  readonly header: Uint8Array;
  readonly trades: Uint8Array;
  readonly quotes: Uint8Array;
}

function sectionsOf(body: Uint8Array): Sections {
  if (body.length < preambleBytes) throw damaged(`it has ${body.length} bytes, a batch has at least ${preambleBytes}`);
  const [foundMagic, foundVersion, headerBytes, tradesBytes, quotesBytes] = new Uint32Array(body.buffer, body.byteOffset, 6);
  if (foundMagic !== magic) throw damaged('it does not begin with HCLB');
  if (foundVersion !== version) throw damaged(`it has version ${foundVersion}, this program reads version ${version}`);
  const tradesStart = preambleBytes + roundUp(headerBytes);
  const quotesStart = tradesStart + roundUp(tradesBytes);
  if (body.length !== quotesStart + roundUp(quotesBytes)) throw damaged('its length is not the sum of its sections');
  return {
    header: body.subarray(preambleBytes, preambleBytes + headerBytes),
    trades: body.subarray(tradesStart, tradesStart + tradesBytes),
    quotes: body.subarray(quotesStart, quotesStart + quotesBytes),
  };
}

function decodeHeader(bytes: Uint8Array): LoggedBatchHeader {
  try {
    return JSON.parse(utf8Reader.decode(bytes)) as LoggedBatchHeader;
  } catch (cause) {
    throw damaged('its header is not JSON', cause);
  }
}

function roundUp(length: number): number {
  return Math.ceil(length / 8) * 8;
}

function damaged(detail: string, cause?: unknown): HindcastError {
  return new HindcastError('BODY_INVALID', `not a logged batch: ${detail}.`, { cause });
}

const noNumbers = new Float64Array(0);
const noCodes = new Uint8Array(0);
const noWords = codedColumn([]);
const sharedEmpty = {
  length: 0,
  timeUs: noNumbers,
  symbol: noWords,
  sequence: noNumbers,
  market: noWords,
  exchange: noWords,
  id: { offsets: new Int32Array(1), bytes: noCodes },
  receivedAtUs: noNumbers,
  source: noWords,
  conditions: noWords,
};

/** A batch has both tables; one without rows is this. */
export const emptyTrades: TradeColumns = {
  ...sharedEmpty,
  price: noNumbers,
  size: noNumbers,
  side: noCodes,
  sideInferred: noCodes,
  late: noCodes,
};

export const emptyQuotes: QuoteColumns = {
  ...sharedEmpty,
  bid: noNumbers,
  bidSize: noNumbers,
  ask: noNumbers,
  askSize: noNumbers,
};
