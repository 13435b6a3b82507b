import type { LmdbTickLog } from '@hindcast/log-lmdb';
import type { CheckpointReport, Clock } from '@hindcast/ports';
import {
  startGrpcServer,
  type Doorkeeper,
  type GrpcCall,
  type GrpcServer,
  type HealthRegistry,
  type Lifecycle,
  type Logger,
  type Metrics,
} from '@hindcast/service-kit';
import type { Intake } from '../admission/intake.js';
import type { Followers, FollowRequest } from './followers.js';
import { pushInOrder, type PushDoor } from './ordered-pushes.js';
import { acknowledged, parsePush, refused, requireSameLog, type PushAck, type PushRequest } from './push-messages.js';

export interface GrpcDoorParts {
  readonly intake: Intake;
  readonly log: LmdbTickLog;
  readonly clock: Clock;
  readonly maxAheadUs: number;
  readonly doorkeeper: Doorkeeper;
  readonly health: Pick<HealthRegistry, 'ready'>;
  readonly followers: Followers;
  readonly bind: string;
  readonly port: number;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  readonly lifecycle: Lifecycle;
}

/** The service `TickIngest` of tick_ingest.proto. */
export function openGrpcDoor(parts: GrpcDoorParts): Promise<GrpcServer> {
  const { doorkeeper, health, bind, port, logger, metrics, lifecycle, log, followers } = parts;
  return startGrpcServer({
    proto: 'tick_ingest.proto',
    service: 'hindcast.v1.TickIngest',
    // A checkpoint lets the log forget: a feed that may only write must not move another's.
    rights: { Beginning: 'read', ReportCheckpoint: 'read+write' },
    doorkeeper,
    health,
    bind,
    port,
    logger,
    lifecycle,
    metrics,
    messageBytesMax: 64 * 1024 * 1024,
    methods: (handlers) => ({
      Push: handlers.bidiStream((requests: AsyncIterable<PushRequest>, { metadata }: GrpcCall) => {
        const traceparent = metadata.get('traceparent')[0]?.toString();
        return pushInOrder(requests, { ...pushDoor(parts), traceparent }, parts.intake);
      }),
      Follow: handlers.serverStream((request: FollowRequest, { signal }: GrpcCall) => followers.follow(request, signal), { aheadMax: 4 }),
      Beginning: handlers.unary(() => log.beginning()),
      ReportCheckpoint: handlers.unary(async (report: CheckpointReport) => {
        await followers.report(report);
        return {};
      }),
    }),
  });
}

function pushDoor({ clock, maxAheadUs, log }: GrpcDoorParts): PushDoor<PushRequest, PushAck> {
  return {
    name: 'grpc',
    parse: (request) => {
      requireSameLog(request, log.streamId);
      return parsePush(request, { nowUs: clock.nowUs(), maxAheadUs });
    },
    acknowledged: ({ tag }, answer) => acknowledged(tag, answer, log.streamId),
    refused: ({ tag }, error) => refused(tag, error),
  };
}
