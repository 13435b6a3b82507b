import type { TickKind } from '@hindcast/contracts';
import type { CodedColumn, QuoteColumns, TextColumn, TradeColumns } from './columns.js';

/**
 * A tick's identity is (kind, source, market, symbol, exchange, event time, id). Its 64-bit hash finds candidates; the
 * rows themselves settle whether two ticks are one. Two lanes of 32 bits in the manner of MurmurHash3, because JavaScript
 * multiplies 32 bits exactly and 64 only with BigInt.
 */
export interface IdentityHashes {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

type IdentityColumns = Pick<TradeColumns, 'length' | 'timeUs' | 'source' | 'market' | 'symbol' | 'exchange' | 'id'>;

const lowSeed = 0x9747b28c;
const highSeed = 0x3c6ef372;

export function identityHashes(kind: TickKind, columns: IdentityColumns): IdentityHashes {
  const { length, timeUs, id } = columns;
  const low = new Uint32Array(length);
  const high = new Uint32Array(length);
  const prefixes = new PrefixHashes(kind, columns);
  for (let row = 0; row < length; row++) {
    const time = timeUs[row];
    const timeLow = time >>> 0;
    const timeHigh = Math.floor(time / 4_294_967_296) >>> 0;
    let a = mixLow(mixLow(prefixes.low(row), timeLow), timeHigh);
    let b = mixHigh(mixHigh(prefixes.high(row), timeLow), timeHigh);
    const start = id.offsets[row];
    const end = id.offsets[row + 1];
    for (let at = start; at < end; at += 4) {
      const word = wordAtByte(id.bytes, at, end);
      a = mixLow(a, word);
      b = mixHigh(b, word);
    }
    low[row] = finish(a ^ (end - start));
    high[row] = finish(b ^ (end - start));
  }
  return { low, high };
}

/**
 * Source, market, symbol and exchange repeat: each word is hashed once a batch, and a row mixes four numbers. A table of
 * combinations would be made anew for every batch, and costs more than it spares where a batch has many symbols.
 */
class PrefixHashes {
  private readonly source: HashedWords;
  private readonly market: HashedWords;
  private readonly symbol: HashedWords;
  private readonly exchange: HashedWords;

  constructor(kind: TickKind, columns: IdentityColumns) {
    // Each column's words with a salt of its own: a market and an exchange of the same name are not the same.
    this.source = hashedWords(columns.source, `${kind} source`);
    this.market = hashedWords(columns.market, 'market');
    this.symbol = hashedWords(columns.symbol, 'symbol');
    this.exchange = hashedWords(columns.exchange, 'exchange');
  }

  low(row: number): number {
    const { source, market, symbol, exchange } = this;
    const instrument = mixLow(mixLow(source.low[source.codes[row]], market.low[market.codes[row]]), symbol.low[symbol.codes[row]]);
    return mixLow(instrument, exchange.low[exchange.codes[row]]);
  }

  high(row: number): number {
    const { source, market, symbol, exchange } = this;
    const instrument = mixHigh(mixHigh(source.high[source.codes[row]], market.high[market.codes[row]]), symbol.high[symbol.codes[row]]);
    return mixHigh(instrument, exchange.high[exchange.codes[row]]);
  }
}

interface HashedWords extends IdentityHashes {
  readonly codes: Uint16Array;
}

function hashedWords({ codes, values }: CodedColumn, salt: string): HashedWords {
  const low = Uint32Array.from(values, (word) => hashText(word, hashText(salt, lowSeed, mixLow), mixLow));
  const high = Uint32Array.from(values, (word) => hashText(word, hashText(salt, highSeed, mixHigh), mixHigh));
  return { codes, low, high };
}

function hashText(text: string, seed: number, mix: (hash: number, word: number) => number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at++) hash = mix(hash, text.charCodeAt(at));
  return hash;
}

function wordAtByte(bytes: Uint8Array, at: number, end: number): number {
  let word = bytes[at];
  if (at + 1 < end) word |= bytes[at + 1] << 8;
  if (at + 2 < end) word |= bytes[at + 2] << 16;
  if (at + 3 < end) word |= bytes[at + 3] << 24;
  return word;
}

function mixLow(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const mixed = hash ^ Math.imul(k, 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function mixHigh(hash: number, word: number): number {
  let k = Math.imul(word, 0x85ebca77);
  k = (k << 16) | (k >>> 16);
  const mixed = hash ^ Math.imul(k, 0xc2b2ae3d);
  return (Math.imul((mixed << 11) | (mixed >>> 21), 9) + 0x38495ab5) | 0;
}

function finish(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Two rows are other ticks, the same tick, or one identity with two contents. */
export type RowComparison = 'other' | 'same' | 'conflict';

export interface TradeRow {
  readonly columns: TradeColumns;
  readonly row: number;
}

export interface QuoteRow {
  readonly columns: QuoteColumns;
  readonly row: number;
}

export function compareTrades(a: TradeRow, b: TradeRow): RowComparison {
  if (!sameIdentity(a, b)) return 'other';
  const same =
    a.columns.price[a.row] === b.columns.price[b.row] &&
    a.columns.size[a.row] === b.columns.size[b.row] &&
    givenSide(a) === givenSide(b) &&
    sameWord(a.columns.conditions, a.row, b.columns.conditions, b.row);
  return same ? 'same' : 'conflict';
}

export function compareQuotes(a: QuoteRow, b: QuoteRow): RowComparison {
  if (!sameIdentity(a, b)) return 'other';
  const same =
    Object.is(a.columns.bid[a.row], b.columns.bid[b.row]) &&
    Object.is(a.columns.bidSize[a.row], b.columns.bidSize[b.row]) &&
    Object.is(a.columns.ask[a.row], b.columns.ask[b.row]) &&
    Object.is(a.columns.askSize[a.row], b.columns.askSize[b.row]) &&
    sameWord(a.columns.conditions, a.row, b.columns.conditions, b.row);
  return same ? 'same' : 'conflict';
}

/** The side as the source gave it: one that we inferred is not part of what was sent. */
function givenSide({ columns, row }: TradeRow): number {
  return columns.sideInferred[row] === 1 ? 0 : columns.side[row];
}

interface IdentityRow {
  readonly columns: IdentityColumns;
  readonly row: number;
}

function sameIdentity(a: IdentityRow, b: IdentityRow): boolean {
  return (
    a.columns.timeUs[a.row] === b.columns.timeUs[b.row] &&
    sameText(a.columns.id, a.row, b.columns.id, b.row) &&
    sameWord(a.columns.symbol, a.row, b.columns.symbol, b.row) &&
    sameWord(a.columns.market, a.row, b.columns.market, b.row) &&
    sameWord(a.columns.exchange, a.row, b.columns.exchange, b.row) &&
    sameWord(a.columns.source, a.row, b.columns.source, b.row)
  );
}

function sameWord(a: CodedColumn, aRow: number, b: CodedColumn, bRow: number): boolean {
  return a.values[a.codes[aRow]] === b.values[b.codes[bRow]];
}

function sameText(a: TextColumn, aRow: number, b: TextColumn, bRow: number): boolean {
  const aStart = a.offsets[aRow];
  const bStart = b.offsets[bRow];
  const bytes = a.offsets[aRow + 1] - aStart;
  if (bytes !== b.offsets[bRow + 1] - bStart) return false;
  for (let at = 0; at < bytes; at++) {
    if (a.bytes[aStart + at] !== b.bytes[bStart + at]) return false;
  }
  return true;
}
