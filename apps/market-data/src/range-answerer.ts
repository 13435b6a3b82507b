import { HindcastError } from '@hindcast/contracts';
import { callerOf } from '@hindcast/service-kit';
import type { FastifyReply } from 'fastify';
import type { MarketDataConfig } from './config.js';
import { limitMax, type RangeQuery } from './range-query.js';
import type { ReadOptions, TableRange } from './range-reader.js';
import type { ReadsUnderWay } from './reads-under-way.js';
import { sendTable } from './table-stream.js';

/** How every HTTP door answers a range: within the bounds of its reader, in the format that was asked for. */
export class RangeAnswerer {
  constructor(
    private readonly reads: ReadsUnderWay,
    private readonly config: Pick<MarketDataConfig, 'jsonRowsDefault' | 'jsonRowsMax' | 'readStallMs'>,
  ) {}

  /** READS_FULL; FIELD_INVALID where JSON is asked for more rows than it may have. */
  async answer<Piece extends { readonly length: number }>(
    reply: FastifyReply,
    query: RangeQuery,
    open: (options: ReadOptions) => Promise<TableRange<Piece>>,
  ): Promise<void> {
    const limit = this.limitOf(query);
    const ended = this.reads.begin(callerOf(reply.request));
    reply.raw.once('close', ended);
    const signal = readerGone(reply);
    endWhenStalled(reply, this.config.readStallMs);
    const range = await open({ limit, signal });
    try {
      await sendTable(reply, { ...range, format: query.format, limit });
    } catch (error) {
      // What the store says to a query that was called off is nobody's failure.
      if (!signal.aborted) throw error;
    }
  }

  private limitOf({ format, limit }: RangeQuery): number {
    if (format !== 'json') return limit ?? limitMax;
    const { jsonRowsDefault, jsonRowsMax } = this.config;
    if (limit !== undefined && limit > jsonRowsMax) {
      throw new HindcastError(
        'FIELD_INVALID',
        `limit is ${limit}; JSON answers have at most ${jsonRowsMax} rows: page by next_cursor, or take format=csv or arrow`,
      );
    }
    return limit ?? jsonRowsDefault;
  }
}

/** Aborted when the reader leaves. */
function readerGone(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.once('close', () => abort.abort());
  return abort.signal;
}

/** Ends a connection whose reader leaves what waits for it untouched. While the store thinks, nothing waits. */
function endWhenStalled(reply: FastifyReply, stallMs: number): void {
  const { raw } = reply;
  raw.setTimeout(stallMs, () => {
    if (raw.writableLength > 0) raw.destroy();
    else raw.setTimeout(stallMs);
  });
}
