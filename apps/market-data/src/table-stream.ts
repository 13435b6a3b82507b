import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Format } from './range-query.js';
import type { Cell, TableView } from './tables.js';

export interface Answer<Piece extends { readonly length: number }> {
  readonly view: TableView<Piece>;
  readonly pieces: AsyncIterable<Piece>;
  readonly format: Format;
  /** JSON only: after so many rows the answer ends with a cursor to go on from. */
  readonly limit: number;
  readonly symbol: string;
  readonly market: string;
}

const contentTypes: Readonly<Record<Format, string>> = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  arrow: 'application/vnd.apache.arrow.stream',
};

/**
 * Sends a table piece by piece as the reader takes it. The first piece is fetched before the answer begins, so that what
 * is wrong with the question or the store still gets a status; a reader that leaves ends the query.
 */
export async function sendTable<Piece extends { readonly length: number }>(reply: FastifyReply, answer: Answer<Piece>): Promise<void> {
  const iterator = answer.pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  const pieces = resumed(first, iterator);
  const writer = answer.format === 'json' ? json : answer.format === 'csv' ? csv : arrow;
  await reply.header('content-type', contentTypes[answer.format]).send(Readable.from(writer({ ...answer, pieces }), { objectMode: false }));
}

async function* resumed<Piece>(first: IteratorResult<Piece>, iterator: AsyncIterator<Piece>): AsyncIterable<Piece> {
  try {
    for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

async function* json<Piece extends { readonly length: number }>({
  view,
  pieces,
  limit,
  symbol,
  market,
}: Answer<Piece>): AsyncIterable<string> {
  yield `{"symbol":${JSON.stringify(symbol)},"market":${JSON.stringify(market)},"${view.name}":[`;
  const names = view.columns.map(({ name }) => `${JSON.stringify(name)}:`);
  let rows = 0;
  let cursor = 'null';
  for await (const piece of pieces) {
    if (piece.length === 0) continue;
    let text = '';
    for (let row = 0; row < piece.length; row++) {
      text += rows === 0 && row === 0 ? '{' : ',{';
      for (let at = 0; at < names.length; at++)
        text += `${at === 0 ? '' : ','}${names[at]}${JSON.stringify(view.columns[at].cell(piece, row))}`;
      text += '}';
    }
    rows += piece.length;
    if (rows >= limit) cursor = JSON.stringify(view.cursor(piece, piece.length - 1));
    yield text;
  }
  yield `],"rows":${rows},"next_cursor":${cursor}}\n`;
}

async function* csv<Piece extends { readonly length: number }>({ view, pieces }: Answer<Piece>): AsyncIterable<string> {
  yield `${view.columns.map(({ name }) => name).join(',')}\n`;
  for await (const piece of pieces) {
    let text = '';
    for (let row = 0; row < piece.length; row++) {
      for (let at = 0; at < view.columns.length; at++) text += `${at === 0 ? '' : ','}${csvCell(view.columns[at].cell(piece, row))}`;
      text += '\n';
    }
    if (text !== '') yield text;
  }
}

/** RFC 4180: quoted where it must be, and only there. */
function csvCell(cell: Cell): string {
  if (cell === null) return '';
  const text = String(cell);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function* arrow<Piece extends { readonly length: number }>({ view, pieces }: Answer<Piece>): AsyncIterable<Uint8Array> {
  const stream = view.arrow();
  for await (const piece of pieces) {
    if (piece.length > 0) yield stream.write(piece);
  }
  yield stream.finish();
}
