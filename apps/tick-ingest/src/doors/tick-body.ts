import { HindcastError, type TickKind } from '@hindcast/contracts';
import { NdjsonTicks, parseTickBatches, parseTickRequest, requireRows, type ParseOptions, type TickBatch } from '@hindcast/market';
import { parseQuery, wholeNumber } from '@hindcast/service-kit';
import { z } from 'zod';
import { arrowBatches } from './arrow-batches.js';

/** What a body is, by its content type: JSON as its value, NDJSON as it still arrives, Arrow as its bytes. */
export class NdjsonBody {
  constructor(readonly chunks: AsyncIterable<Uint8Array>) {}
}

export class ArrowBody {
  constructor(readonly bytes: Uint8Array) {}
}

/** What the envelope of JSON says of all rows, for bodies that have no envelope. */
export const requestQuery = {
  source: z.string().optional(),
  market: z.string().optional(),
  offset: wholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER }).optional(),
};

/** `unknown` becomes batches here, whatever it came as: the same rows become the same batches. */
export async function parseTickBody(body: unknown, query: unknown, options: ParseOptions): Promise<readonly TickBatch[]> {
  if (body instanceof NdjsonBody) return ndjsonBatches(body, query, options);
  if (body instanceof ArrowBody) return arrowBodyBatches(body, query, options);
  if (Object.keys(query ?? {}).length > 0) {
    throw new HindcastError(
      'FIELD_INVALID',
      `a JSON body has source, market and offset in itself: {source, market, offset, ${options.table}}`,
    );
  }
  return parseTickBatches(body, options);
}

async function ndjsonBatches({ chunks }: NdjsonBody, query: unknown, options: ParseOptions): Promise<readonly TickBatch[]> {
  const ticks = new NdjsonTicks(parseTickRequest(parseQuery(requestQuery, query)), options);
  for await (const chunk of chunks) ticks.write(chunk);
  return ticks.finish();
}

function arrowBodyBatches({ bytes }: ArrowBody, query: unknown, options: ParseOptions): readonly TickBatch[] {
  const { table, receivedAtUs } = options;
  const { source, market, offset } = parseTickRequest(parseQuery(requestQuery, query));
  const batches = arrowBatches({ [table]: bytes, source, market, receivedAtUs, ...(offset === undefined ? {} : { offset }) });
  requireRows(rowsIn(batches, table), options);
  return batches;
}

function rowsIn(batches: readonly TickBatch[], table: TickKind): number {
  return batches.reduce((sum, batch) => sum + batch[table].length, 0);
}
