import type { CodedColumn, QuoteColumns, TextColumn, TradeColumns } from './columns.js';
import type { LoggedBatch } from './tick-batch.js';

/**
 * Parts of one batch as the batch that they are: rows one after the other, in the order of their positions, which have been
 * counted through already. Source, slack and number are those of each part; what came first says when the batch was received.
 */
export function joinBatches(parts: readonly LoggedBatch[]): LoggedBatch {
  if (parts.length === 1) return parts[0];
  return {
    ...parts[0],
    trades: joinTrades(parts.map(({ trades }) => trades)),
    quotes: joinQuotes(parts.map(({ quotes }) => quotes)),
    marks: parts.flatMap(({ marks }) => marks),
    rejected: parts.flatMap(({ rejected }) => rejected),
  };
}

export function joinTrades(pieces: readonly TradeColumns[]): TradeColumns {
  return joinRows(pieces, (filled) => ({
    ...joinCommon(filled),
    price: joinNumbers(filled.map(({ price }) => price)),
    size: joinNumbers(filled.map(({ size }) => size)),
    side: joinBytes(filled.map(({ side }) => side)),
    sideInferred: joinBytes(filled.map(({ sideInferred }) => sideInferred)),
    late: joinBytes(filled.map(({ late }) => late)),
  }));
}

export function joinQuotes(pieces: readonly QuoteColumns[]): QuoteColumns {
  return joinRows(pieces, (filled) => ({
    ...joinCommon(filled),
    bid: joinNumbers(filled.map(({ bid }) => bid)),
    bidSize: joinNumbers(filled.map(({ bidSize }) => bidSize)),
    ask: joinNumbers(filled.map(({ ask }) => ask)),
    askSize: joinNumbers(filled.map(({ askSize }) => askSize)),
  }));
}

/** What is alone stays as it is: most batches have no quotes, or no trades. */
function joinRows<Columns extends { readonly length: number }>(
  pieces: readonly Columns[],
  join: (filled: readonly Columns[]) => Columns,
): Columns {
  const filled = pieces.filter(({ length }) => length > 0);
  if (filled.length === 0) return pieces[0];
  return filled.length === 1 ? filled[0] : join(filled);
}

type CommonColumns = Pick<TradeColumns, keyof TradeColumns & keyof QuoteColumns>;

function joinCommon(pieces: readonly CommonColumns[]): CommonColumns {
  return {
    length: pieces.reduce((sum, { length }) => sum + length, 0),
    timeUs: joinNumbers(pieces.map(({ timeUs }) => timeUs)),
    symbol: joinWords(pieces.map(({ symbol }) => symbol)),
    sequence: joinNumbers(pieces.map(({ sequence }) => sequence)),
    market: joinWords(pieces.map(({ market }) => market)),
    exchange: joinWords(pieces.map(({ exchange }) => exchange)),
    id: joinTexts(pieces.map(({ id }) => id)),
    receivedAtUs: joinNumbers(pieces.map(({ receivedAtUs }) => receivedAtUs)),
    source: joinWords(pieces.map(({ source }) => source)),
    conditions: joinWords(pieces.map(({ conditions }) => conditions)),
  };
}

function joinNumbers(pieces: readonly Float64Array[]): Float64Array {
  return filledFrom(pieces, new Float64Array(lengthOf(pieces)));
}

function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  return filledFrom(pieces, new Uint8Array(lengthOf(pieces)));
}

function filledFrom<Values extends Float64Array | Uint8Array | Uint16Array>(pieces: readonly Values[], joined: Values): Values {
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** Requests of one sender mostly bring the same words in the same order, and then their codes are copied as they are. */
function joinWords(pieces: readonly CodedColumn[]): CodedColumn {
  const codes = new Uint16Array(pieces.reduce((sum, piece) => sum + piece.codes.length, 0));
  const codeOf = new Map<string, number>();
  const called = (word: string): number => {
    let code = codeOf.get(word);
    if (code === undefined) codeOf.set(word, (code = codeOf.size));
    return code;
  };
  let at = 0;
  for (const piece of pieces) {
    const calls = piece.values.map(called);
    if (calls.every((code, place) => code === place)) codes.set(piece.codes, at);
    else for (let row = 0; row < piece.codes.length; row++) codes[at + row] = calls[piece.codes[row]];
    at += piece.codes.length;
  }
  return { codes, values: [...codeOf.keys()] };
}

function joinTexts(pieces: readonly TextColumn[]): TextColumn {
  const lengths = pieces.map(({ offsets }) => offsets[offsets.length - 1]);
  const offsets = new Int32Array(1 + pieces.reduce((sum, piece) => sum + piece.offsets.length - 1, 0));
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let rows = 0;
  let used = 0;
  for (const [at, piece] of pieces.entries()) {
    bytes.set(piece.bytes.subarray(0, lengths[at]), used);
    for (let row = 1; row < piece.offsets.length; row++) offsets[rows + row] = used + piece.offsets[row];
    rows += piece.offsets.length - 1;
    used += lengths[at];
  }
  return { offsets, bytes };
}

function lengthOf(pieces: readonly { readonly length: number }[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
