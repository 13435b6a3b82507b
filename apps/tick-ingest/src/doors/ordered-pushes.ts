import { HindcastError } from '@hindcast/contracts';
import type { TickBatch } from '@hindcast/market';
import type { Intake, IntakeAnswer } from '../admission/intake.js';
import { AnswerQueue } from './answer-queue.js';

/** Batches of one stream that are admitted and not flushed; beyond it the door stops reading, which is its flow control. */
const pushedAheadMax = 32;

/** How a door that pushes batch after batch reads them and answers. */
export interface PushDoor<Request, Answer> {
  /** For metrics. */
  readonly name: string;
  /** W3C `traceparent` of the stream: of every batch in it. */
  readonly traceparent?: string | undefined;
  /** What it throws is the refusal of this batch. */
  readonly parse: (request: Request) => readonly TickBatch[];
  readonly acknowledged: (request: Request, answer: IntakeAnswer) => Answer;
  readonly refused: (request: Request, error: HindcastError) => Answer;
}

/**
 * Admits in order and acknowledges in order, each acknowledgement after its flush; reading runs ahead of the disk by
 * `pushedAheadMax` batches. A batch that is refused for good is answered with its code, and the stream goes on. A refusal
 * that asks to send again ends the stream behind it, because what came after must not overtake what is sent again.
 */
export function pushInOrder<Request, Answer>(
  requests: AsyncIterable<Request>,
  door: PushDoor<Request, Answer>,
  intake: Intake,
): AsyncIterable<Answer> {
  const answers = new AnswerQueue<Answer>(pushedAheadMax);
  void readAll(requests, answers, { door, intake, era: intake.era });
  return answers;
}

interface Pushing<Request, Answer> {
  readonly door: PushDoor<Request, Answer>;
  readonly intake: Intake;
  readonly era: number;
}

async function readAll<Request, Answer>(
  requests: AsyncIterable<Request>,
  answers: AnswerQueue<Answer>,
  pushing: Pushing<Request, Answer>,
): Promise<void> {
  try {
    for await (const request of requests) {
      const { answer, isLast } = await admitted(request, pushing);
      const isRead = await answers.push(answer);
      if (isLast || !isRead) break;
    }
    answers.end();
  } catch (error) {
    answers.end(error);
  }
}

interface Admitted<Answer> {
  readonly answer: Promise<Answer>;
  /** Nothing after it may be admitted on this stream. */
  readonly isLast: boolean;
}

/** Resolves when the batch has its place in the order; the answer inside, when it is on disk. */
async function admitted<Request, Answer>(request: Request, { door, intake, era }: Pushing<Request, Answer>): Promise<Admitted<Answer>> {
  try {
    const { flushed } = await intake.admit(door.parse(request), { era, door: door.name, traceparent: door.traceparent });
    return {
      isLast: false,
      answer: flushed.then(
        (answer) => door.acknowledged(request, answer),
        (error: unknown) => door.refused(request, refusalOf(error)),
      ),
    };
  } catch (error) {
    const refusal = refusalOf(error);
    return { isLast: refusal.retry, answer: Promise.resolve(door.refused(request, refusal)) };
  }
}

function refusalOf(error: unknown): HindcastError {
  if (error instanceof HindcastError) return error;
  throw error;
}
