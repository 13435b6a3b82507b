import { usFromIso, type PhysicsStateJson } from '@hindcast/contracts';
import { givenText, isoOfField, present } from '@hindcast/service-kit';
import type { ProgressDto } from './progress.controller.js';

/** Messages of market_physics.proto, to and from what the HTTP doors speak. A field that is null there is absent here. */

export interface FindStateRequest {
  readonly symbol: string;
  readonly market: string;
  readonly atUs?: number;
}

/** The query that `GET /v1/states/{symbol}` takes. */
export function stateQuery({ market, atUs }: FindStateRequest): object {
  return present({ market: givenText(market), at: isoOfField('at_us', atUs) });
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
