import { parseQuery, type GrpcCall, type GrpcDoors, type GrpcServer } from '@hindcast/service-kit';
import type { Instruments } from './instruments.js';
import { rangeQuery, recordedSymbol, symbolsQuery, type ArrowPiece, type RangeRequest, type SymbolsRequest } from './range-messages.js';
import { limitMax, parseBarRange, parseRange, symbolsShape, type RangeQuery } from './range-query.js';
import type { RangeReader, ReadOptions, TableRange } from './range-reader.js';
import type { ReadsUnderWay } from './reads-under-way.js';
import { symbolDto } from './symbols.controller.js';

export interface GrpcDoorParts {
  readonly port: number;
  readonly reader: RangeReader;
  readonly instruments: Instruments;
  readonly reads: ReadsUnderWay;
  readonly readStallMs: number;
}

/** Clients of gRPC take 4 MiB a message unless they are told otherwise. */
const pieceBytesMax = 1024 * 1024;
/** Pieces that wait for a reader: enough to keep the transport at work. */
const piecesAheadMax = 2;
const requestBytesMax = 64 * 1024;

/** The service `MarketData` of market_data.proto. */
export function openGrpcDoor(doors: GrpcDoors, parts: GrpcDoorParts): Promise<GrpcServer> {
  const { port, reader, instruments, reads, readStallMs } = parts;
  return doors.open({
    proto: 'market_data.proto',
    service: 'hindcast.v1.MarketData',
    port,
    receiveBytesMax: requestBytesMax,
    rights: { Symbols: 'read' },
    methods: (handlers) => {
      const range = <Query extends RangeQuery, Piece extends { readonly length: number }>(
        parse: (query: unknown) => Query,
        open: (query: Query, options: ReadOptions) => Promise<TableRange<Piece>>,
      ) =>
        handlers.serverStream(
          async function* (request: RangeRequest, { signal, caller, onEnd }: GrpcCall) {
            const query = parse(rangeQuery(request));
            onEnd(reads.begin(caller));
            yield* arrowPieces(await open(query, { limit: query.limit ?? limitMax, signal }));
          },
          { aheadMax: piecesAheadMax, stallMs: readStallMs },
        );
      return {
        Trades: range(parseRange, (query, options) => reader.trades(query, options)),
        Quotes: range(parseRange, (query, options) => reader.quotes(query, options)),
        Bars: range(parseBarRange, (query, options) => reader.bars(query, options)),
        States: range(parseRange, (query, options) => reader.states(query, options)),
        Symbols: handlers.unary(async (request: SymbolsRequest) => {
          const summaries = await instruments.list(parseQuery(symbolsShape, symbolsQuery(request)));
          return { symbols: summaries.map((summary) => recordedSymbol(symbolDto(summary))) };
        }),
      };
    },
  });
}

/** The table as one Arrow IPC stream in pieces. Each is made when the transport asks for it, and the store is asked then too. */
async function* arrowPieces<Piece extends { readonly length: number }>({ view, pieces }: TableRange<Piece>): AsyncGenerator<ArrowPiece> {
  const stream = view.arrow();
  for await (const piece of pieces) {
    if (piece.length === 0) continue;
    yield* cut(stream.write(piece), { rows: piece.length, cursor: view.cursor(piece, piece.length - 1) });
  }
  yield { ipc: stream.finish(), rows: 0, cursor: '' };
}

/** Rows and cursor go with the last of the bytes that hold them. */
function* cut(ipc: Uint8Array, { rows, cursor }: Omit<ArrowPiece, 'ipc'>): Generator<ArrowPiece> {
  for (let at = 0; at < ipc.length; at += pieceBytesMax) {
    const isLast = at + pieceBytesMax >= ipc.length;
    yield { ipc: ipc.subarray(at, at + pieceBytesMax), rows: isLast ? rows : 0, cursor: isLast ? cursor : '' };
  }
}
