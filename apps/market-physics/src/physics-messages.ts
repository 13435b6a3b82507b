import { usFromIso, type PhysicsStateJson, type SimilarAnswer, type SimilarMoment } from '@hindcast/contracts';
import { givenList, givenText, isoOfField, present } from '@hindcast/service-kit';
import type { ProgressDto } from './progress.controller.js';

/** Messages of market_physics.proto, to and from what the HTTP doors speak. A field that is null there is absent here. */

export interface FindStateRequest {
  readonly symbol: string;
  readonly market: string;
  readonly atUs?: number;
}

export interface SimilarMessage {
  readonly symbol?: string;
  readonly market?: string;
  readonly timeUs?: number;
  readonly text?: string;
  readonly vector: readonly number[];
  readonly k?: number;
  readonly filter: {
    readonly symbols: readonly string[];
    readonly market?: string;
    readonly fromUs?: number;
    readonly toUs?: number;
  } | null;
  readonly asOfUs?: number;
  readonly excludeWithinSeconds?: number;
  readonly search: string;
}

/** The query that `GET /v1/states/{symbol}` takes. */
export function stateQuery({ market, atUs }: FindStateRequest): object {
  return present({ market: givenText(market), at: isoOfField('at_us', atUs) });
}

/** The body that `POST /v1/similar` takes. */
export function similarBody({
  symbol,
  market,
  timeUs,
  text,
  vector,
  k,
  filter,
  asOfUs,
  excludeWithinSeconds,
  search,
}: SimilarMessage): object {
  return present({
    symbol,
    market,
    time: isoOfField('time_us', timeUs),
    text,
    vector: givenList(vector),
    k,
    filter: filter === null ? undefined : filterBody(filter),
    asOf: isoOfField('as_of_us', asOfUs),
    excludeWithinSeconds,
    search: givenText(search),
  });
}

function filterBody({ symbols, market, fromUs, toUs }: NonNullable<SimilarMessage['filter']>): object {
  return present({
    symbols: givenList(symbols),
    market,
    from: isoOfField('filter.from_us', fromUs),
    to: isoOfField('filter.to_us', toUs),
  });
}

export function stateMessage(state: PhysicsStateJson): object {
  const { timestamp, nash_dist, alpha_coefficient, signed_volume, ...same } = state;
  return {
    ...same,
    timestampUs: usFromIso(timestamp),
    nashDist: nash_dist,
    signedVolume: signed_volume,
    ...(alpha_coefficient === null ? {} : { alphaCoefficient: alpha_coefficient }),
  };
}

export function similarMessage({ query, results, receipt }: SimilarAnswer): object {
  const { timestamp, ...asked } = query;
  const { index, nprobes, rows_not_indexed, as_of, elapsed_ms, ...found } = receipt;
  return {
    query: { ...asked, ...present({ timestampUs: timestamp === undefined ? undefined : usFromIso(timestamp) }) },
    results: results.map(momentMessage),
    receipt: {
      ...found,
      ...present({ index: index ?? undefined, nprobes: nprobes ?? undefined, asOfUs: as_of === null ? undefined : usFromIso(as_of) }),
      rowsNotIndexed: rows_not_indexed,
      elapsedMs: elapsed_ms,
    },
  };
}

function momentMessage({ symbol, market, timestamp, distance, metadata }: SimilarMoment): object {
  const { nash_dist, alpha, ...physics } = metadata.physics;
  return {
    symbol,
    market,
    timestampUs: usFromIso(timestamp),
    distance,
    physics: { ...physics, nashDist: nash_dist, ...(alpha === null ? {} : { alpha }) },
    sentiment: metadata.sentiment,
  };
}

export function progressMessage(progress: ProgressDto): object {
  const { stream_id, phase, states, embedded, instruments } = progress;
  return {
    ...(stream_id === null ? {} : { streamId: stream_id }),
    phase,
    headNumber: progress.head_number,
    foldedNumber: progress.folded_number,
    checkpointNumber: progress.checkpoint_number,
    states,
    embeddingQueue: progress.embedding_queue,
    embedded,
    instruments,
  };
}
