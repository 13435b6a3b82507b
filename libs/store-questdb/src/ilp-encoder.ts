import { Buffer } from 'node:buffer';
import { sideNames, sequenceOf, type LoggedBatch, type QuoteColumns, type TextColumn, type TradeColumns } from '@hindcast/market';
import type { StateRow } from '@hindcast/ports';
import { escapeWord, namedWords, RowPrefixes } from './ilp-words.js';
import { digitsMax, IlpWriter } from './ilp-writer.js';
import type { RowTest } from './tick-tables.js';

const newline = 0x0a;
const blank = 0x20;
const integerSuffix = 0x69;
const timestampSuffix = 0x74;

/** `,name=` as bytes: every field but a row's first starts so. */
function field(name: string): Uint8Array {
  return Buffer.from(`,${name}=`);
}

/** `,name==`: the second equals sign announces a binary value. */
function doubleField(name: string): Uint8Array {
  return Buffer.from(`,${name}==`);
}

const price = doubleField('price');
const size = doubleField('size');
const bid = doubleField('bid');
const bidSize = doubleField('bid_size');
const ask = doubleField('ask');
const askSize = doubleField('ask_size');
const receivedAt = field('received_at');
const tradeId = field('trade_id');
const quoteId = field('quote_id');
const sideInferred = Buffer.from(',side_inferred=t');
const late = Buffer.from(',late=t');

/** More than the names and numbers of a row take, without prefix and id; each number is at most `digitsMax` bytes. */
const fieldsBytesMax = 128 + 8 * digitsMax;

const stateFields = [
  ['velocity', doubleField('velocity')],
  ['momentum', doubleField('momentum')],
  ['friction', doubleField('friction')],
  ['entropy', doubleField('entropy')],
  ['nashDistance', doubleField('nash_dist')],
  ['alphaCoefficient', doubleField('alpha_coefficient')],
  ['price', doubleField('price')],
  ['volume', doubleField('volume')],
  ['signedVolume', doubleField('signed_volume')],
] as const satisfies readonly (readonly [keyof StateRow, Uint8Array])[];
const mass = doubleField('mass');

/**
 * Rows to bytes of the InfluxDB line protocol, version 2, timestamps in microseconds: from columns straight to one
 * buffer, without an object or a string a row. Absent values are left out, which the store reads as null (as false in
 * a boolean column). One row is one line, whatever its texts hold, so the store's line numbers name rows.
 */
export class IlpEncoder {
  readonly #writer: IlpWriter;
  #rows = 0;

  constructor(writer = new IlpWriter()) {
    this.#writer = writer;
  }

  get rows(): number {
    return this.#rows;
  }

  get length(): number {
    return this.#writer.length;
  }

  body(): Uint8Array {
    return this.#writer.written();
  }

  /** A batch's trades, quotes and rejected rows, in the order of `tableRowsOf`. */
  batch(batch: LoggedBatch, options: { readonly streamId: string; readonly isSkipped?: RowTest }): void {
    this.#trades(batch.trades, options.isSkipped);
    this.#quotes(batch.quotes, options.isSkipped);
    this.#rejected(batch, options);
  }

  states(states: readonly StateRow[]): void {
    const writer = this.#writer;
    for (const state of states) {
      const words = `market=${escapeWord(state.market)},regime=${escapeWord(state.regime)},mode=${state.mode}`;
      const prefix = Buffer.from(`market_states,symbol=${escapeWord(state.symbol)},${words} trades=`);
      writer.reserve(prefix.length + fieldsBytesMax + stateFields.length * 32);
      writer.raw(prefix);
      writer.integer(state.trades);
      writer.byte(integerSuffix);
      this.#double(mass, state.mass);
      for (const [key, name] of stateFields) this.#double(name, state[key] ?? NaN);
      this.#end(state.timeUs);
    }
  }

  #trades(trades: TradeColumns, isSkipped: RowTest | undefined): void {
    const writer = this.#writer;
    const prefixes = new RowPrefixes(
      'trades',
      [...instrumentWords(trades), { name: 'side', codes: trades.side, values: sideNames }, ...originWords(trades)],
      'sequence',
    );
    for (let row = 0; row < trades.length; row++) {
      if (isSkipped?.('trades', trades.sequence[row])) continue;
      this.#start(prefixes.of(row), trades.sequence[row], idBytes(trades.id, row));
      this.#double(price, trades.price[row]);
      this.#double(size, trades.size[row]);
      this.#receivedAt(trades.receivedAtUs[row]);
      this.#id(tradeId, trades.id, row);
      if (trades.sideInferred[row] === 1) writer.raw(sideInferred);
      if (trades.late[row] === 1) writer.raw(late);
      this.#end(trades.timeUs[row]);
    }
  }

  #quotes(quotes: QuoteColumns, isSkipped: RowTest | undefined): void {
    const prefixes = new RowPrefixes('quotes', [...instrumentWords(quotes), ...originWords(quotes)], 'sequence');
    for (let row = 0; row < quotes.length; row++) {
      if (isSkipped?.('quotes', quotes.sequence[row])) continue;
      this.#start(prefixes.of(row), quotes.sequence[row], idBytes(quotes.id, row));
      this.#double(bid, quotes.bid[row]);
      this.#double(bidSize, quotes.bidSize[row]);
      this.#double(ask, quotes.ask[row]);
      this.#double(askSize, quotes.askSize[row]);
      this.#receivedAt(quotes.receivedAtUs[row]);
      this.#id(quoteId, quotes.id, row);
      this.#end(quotes.timeUs[row]);
    }
  }

  /** Few by nature, so plain strings serve. */
  #rejected(
    { number, source, receivedAtUs, rejected }: LoggedBatch,
    { streamId, isSkipped }: { readonly streamId: string; readonly isSkipped?: RowTest },
  ): void {
    const origin = source === '' ? '' : `,source=${escapeWord(source)}`;
    for (const row of rejected) {
      const sequence = sequenceOf(number, row.position);
      if (isSkipped?.('rejected_ticks', sequence)) continue;
      const words = `stream_id=${escapeWord(streamId)},kind=${row.table},code=${row.code}${origin}`;
      const texts = (
        [
          ['field', row.field],
          ['message', row.message],
          ['text', row.text],
        ] as const
      ).map(([name, text]) => [field(name), Buffer.from(text)] as const);
      this.#start(
        Buffer.from(`rejected_ticks,${words} sequence=`),
        sequence,
        2 * texts.reduce((bytes, [, text]) => bytes + text.length, 0),
      );
      for (const [name, text] of texts) this.#text(name, text);
      this.#end(receivedAtUs);
    }
  }

  #start(prefix: Uint8Array, sequence: number, textBytes: number): void {
    const writer = this.#writer;
    writer.reserve(prefix.length + fieldsBytesMax + textBytes);
    writer.raw(prefix);
    writer.integer(sequence);
    writer.byte(integerSuffix);
  }

  #double(name: Uint8Array, value: number): void {
    if (Number.isNaN(value)) return;
    this.#writer.raw(name);
    this.#writer.double(value);
  }

  #receivedAt(timeUs: number): void {
    this.#writer.raw(receivedAt);
    this.#writer.integer(timeUs);
    this.#writer.byte(timestampSuffix);
  }

  #id(name: Uint8Array, ids: TextColumn, row: number): void {
    this.#text(name, ids.bytes.subarray(ids.offsets[row], ids.offsets[row + 1]));
  }

  #text(name: Uint8Array, text: Uint8Array): void {
    if (text.length === 0) return;
    this.#writer.raw(name);
    this.#writer.quoted(text);
  }

  #end(timeUs: number): void {
    this.#writer.byte(blank);
    this.#writer.integer(timeUs);
    this.#writer.byte(newline);
    this.#rows++;
  }
}

function instrumentWords({ symbol, market, exchange }: TradeColumns | QuoteColumns) {
  return [namedWords('symbol', symbol), namedWords('market', market), namedWords('exchange', exchange)];
}

function originWords({ source, conditions }: TradeColumns | QuoteColumns) {
  return [namedWords('source', source), namedWords('conditions', conditions)];
}

/** Room for an id whose every byte needs a backslash. */
function idBytes(ids: TextColumn, row: number): number {
  return 2 * (ids.offsets[row + 1] - ids.offsets[row]);
}
