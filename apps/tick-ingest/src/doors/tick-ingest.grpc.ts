import { HindcastError } from '@hindcast/contracts';
import type { LmdbTickLog } from '@hindcast/log-lmdb';
import type { CheckpointReport, Clock } from '@hindcast/ports';
import {
  startGrpcServer,
  type Doorkeeper,
  type GrpcCall,
  type GrpcServer,
  type Lifecycle,
  type Logger,
  type Metrics,
} from '@hindcast/service-kit';
import type { Intake } from '../admission/intake.js';
import { AnswerQueue } from './answer-queue.js';
import { Followers, type FollowRequest } from './followers.js';
import { acknowledged, parsePush, refused, type PushAck, type PushRequest } from './push-messages.js';

export interface GrpcDoorParts {
  readonly intake: Intake;
  readonly log: LmdbTickLog;
  readonly clock: Clock;
  readonly maxAheadUs: number;
  readonly doorkeeper: Doorkeeper;
  readonly followersMax: number;
  readonly bind: string;
  readonly port: number;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  readonly lifecycle: Lifecycle;
}

/** Batches of one stream that are admitted and not flushed; beyond it the door stops reading, which is its flow control. */
const pushedAheadMax = 32;

/** The service `TickIngest` of tick_ingest.proto. */
export function openGrpcDoor(parts: GrpcDoorParts): Promise<GrpcServer> {
  const { doorkeeper, bind, port, logger, metrics, lifecycle, log } = parts;
  const followers = new Followers(parts);
  return startGrpcServer({
    proto: 'tick_ingest.proto',
    service: 'hindcast.v1.TickIngest',
    rights: { Beginning: 'read' },
    doorkeeper,
    bind,
    port,
    logger,
    lifecycle,
    metrics,
    messageBytesMax: 64 * 1024 * 1024,
    methods: (handlers) => ({
      Push: handlers.bidiStream((requests: AsyncIterable<PushRequest>) => push(requests, parts)),
      Follow: handlers.serverStream((request: FollowRequest, { signal }: GrpcCall) => followers.follow(request, signal), { aheadMax: 4 }),
      Beginning: handlers.unary(() => log.beginning()),
      ReportCheckpoint: handlers.unary(async (report: CheckpointReport) => {
        await followers.report(report);
        return {};
      }),
    }),
  });
}

/**
 * Admits in order and acknowledges in order, each acknowledgement after its flush; reading runs ahead of the disk by
 * `pushedAheadMax` batches. A batch that is refused for good is answered with its code, and the stream goes on. A refusal
 * that asks to send again ends the stream behind it, because what came after must not overtake what is sent again.
 */
function push(requests: AsyncIterable<PushRequest>, parts: GrpcDoorParts): AsyncIterable<PushAck> {
  const answers = new AnswerQueue<PushAck>(pushedAheadMax);
  void readAll(requests, answers, parts);
  return answers;
}

async function readAll(requests: AsyncIterable<PushRequest>, answers: AnswerQueue<PushAck>, parts: GrpcDoorParts): Promise<void> {
  const { era } = parts.intake;
  try {
    for await (const request of requests) {
      const { answer, isLast } = await admitted(request, era, parts);
      const isRead = await answers.push(answer);
      if (isLast || !isRead) break;
    }
    answers.end();
  } catch (error) {
    answers.end(error);
  }
}

interface Admitted {
  readonly answer: Promise<PushAck>;
  /** Nothing after it may be admitted on this stream. */
  readonly isLast: boolean;
}

/** Resolves when the batch has its place in the order; the answer inside, when it is on disk. */
async function admitted(request: PushRequest, era: number, { intake, clock, maxAheadUs, log }: GrpcDoorParts): Promise<Admitted> {
  const { tag } = request;
  try {
    const { flushed } = await intake.admit(parsePush(request, { nowUs: clock.nowUs(), maxAheadUs }), { era, door: 'grpc' });
    return {
      isLast: false,
      answer: flushed.then(
        (answer) => acknowledged(tag, answer, log.streamId),
        (error: unknown) => refusal(tag, error),
      ),
    };
  } catch (error) {
    const ack = refusal(tag, error);
    return { isLast: ack.retry === true, answer: Promise.resolve(ack) };
  }
}

function refusal(tag: number, error: unknown): PushAck {
  if (error instanceof HindcastError) return refused(tag, error);
  throw error;
}
