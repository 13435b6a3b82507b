import type { LmdbTickLog } from '@hindcast/log-lmdb';
import type { CheckpointReport, Clock } from '@hindcast/ports';
import type { GrpcCall, GrpcDoors, GrpcServer } from '@hindcast/service-kit';
import type { Intake } from '../admission/intake.js';
import { addedFeed, feedMessage, type AddFeedRequest, type FeedRequest } from '../feeds/feed-messages.js';
import type { Feeds } from '../feeds/feeds.js';
import type { Followers, FollowRequest } from './followers.js';
import { pushInOrder, type PushDoor } from './ordered-pushes.js';
import { acknowledged, parsePush, refused, requireSameLog, type PushAck, type PushRequest } from './push-messages.js';

export interface GrpcDoorParts {
  readonly intake: Intake;
  readonly log: LmdbTickLog;
  readonly clock: Clock;
  readonly maxAheadUs: number;
  readonly followers: Followers;
  readonly feeds: Feeds;
  readonly port: number;
}

/** Of a push, and of a batch that is followed. */
const messageBytesMax = 64 * 1024 * 1024;

/** The service `TickIngest` of tick_ingest.proto. */
export function openGrpcDoor(doors: GrpcDoors, parts: GrpcDoorParts): Promise<GrpcServer> {
  const { port, log, followers, feeds } = parts;
  return doors.open({
    proto: 'tick_ingest.proto',
    service: 'hindcast.v1.TickIngest',
    port,
    // A checkpoint lets the log forget: a feed that may only write must not move another's.
    rights: {
      Beginning: 'read',
      ReportCheckpoint: 'read+write',
      ListFeeds: 'read',
      GetFeed: 'read',
      AddFeed: 'admin',
      StartFeed: 'admin',
      StopFeed: 'admin',
      RemoveFeed: 'admin',
    },
    messageBytesMax,
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
      ListFeeds: handlers.unary(async () => ({ feeds: feeds.facts().feeds.map(feedMessage) })),
      GetFeed: handlers.unary(async ({ feed }: FeedRequest) => feedMessage(feeds.get(feed))),
      AddFeed: handlers.unary(async (request: AddFeedRequest) => feedMessage(await feeds.add(addedFeed(request)))),
      StartFeed: handlers.unary(async ({ feed }: FeedRequest) => feedMessage(await feeds.start(feed))),
      StopFeed: handlers.unary(async ({ feed }: FeedRequest) => feedMessage(await feeds.stop(feed))),
      RemoveFeed: handlers.unary(({ feed }: FeedRequest) => feeds.remove(feed)),
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
