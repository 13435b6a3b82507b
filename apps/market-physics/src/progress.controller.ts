import { Controller, Get, Inject } from '@nestjs/common';
import type { DueQueue } from './checkpoint.js';
import { PhysicsService } from './physics-service.js';
import { DUE_QUEUE } from './tokens.js';

/** How far the service is: where a script that waits for it looks. */
export interface ProgressDto {
  readonly stream_id: string | null;
  readonly phase: string;
  readonly head_number: number;
  readonly folded_number: number;
  /** Everything up to here is stored. */
  readonly checkpoint_number: number;
  /** Live states made, restarts included. */
  readonly states: number;
  readonly embedding_queue: number;
  /** Vectors stored since the start. */
  readonly embedded: number;
  readonly instruments: number;
}

export function progressOf({ follower, embedding }: PhysicsService, queue: DueQueue): ProgressDto {
  const { fold } = follower;
  return {
    stream_id: follower.streamId ?? null,
    phase: follower.phase,
    head_number: Math.max(follower.headNumber, fold.number),
    folded_number: fold.number,
    checkpoint_number: follower.checkpointNumber,
    states: fold.states,
    embedding_queue: queue.length + fold.dueCount,
    embedded: embedding?.embedded ?? 0,
    instruments: fold.all.length,
  };
}

@Controller('v1/progress')
export class ProgressController {
  constructor(
    private readonly service: PhysicsService,
    @Inject(DUE_QUEUE) private readonly queue: DueQueue,
  ) {}

  /** How far the log is folded, checkpointed and embedded. */
  @Get()
  progress(): ProgressDto {
    return progressOf(this.service, this.queue);
  }
}
