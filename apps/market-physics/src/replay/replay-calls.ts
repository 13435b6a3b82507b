import { givenList, parseFields, type GrpcHandlers } from '@hindcast/service-kit';
import {
  replayMessage,
  replayStatesMessage,
  seekBody,
  speedBody,
  startBody,
  stepBody,
  type ReplayMessage,
  type ReplaySpeedMessage,
  type ReplayStatesMessage,
  type SeekReplayMessage,
  type StartReplayMessage,
  type StepReplayMessage,
} from './replay-messages.js';
import { parseReplay, parseReplayId, parseStep, seekSchema, speedSchema, standingSchema } from './replay-request.js';
import type { Replays } from './replays.js';

/** The calls of the service `MarketPhysics` that are about replays. */
export function replayCalls(handlers: GrpcHandlers, replays: Replays) {
  return {
    StartReplay: handlers.unary(async (request: StartReplayMessage) => replayMessage(await replays.start(parseReplay(startBody(request))))),
    ListReplays: handlers.unary(async () => ({ replays: replays.list().map(replayMessage) })),
    GetReplay: handlers.unary(async ({ id }: ReplayMessage) => replayMessage(replays.report(parseReplayId(id)))),
    GetReplayStates: handlers.unary(async ({ id, symbols }: ReplayStatesMessage) => {
      const asked = parseFields(standingSchema, { symbols: givenList(symbols) });
      return replayStatesMessage(replays.standing(parseReplayId(id), asked.symbols));
    }),
    PauseReplay: handlers.unary(async ({ id }: ReplayMessage) => replayMessage(await replays.pause(parseReplayId(id)))),
    ResumeReplay: handlers.unary(async ({ id }: ReplayMessage) => replayMessage(await replays.resume(parseReplayId(id)))),
    StepReplay: handlers.unary(async (request: StepReplayMessage) =>
      replayMessage(await replays.step(parseReplayId(request.id), parseStep(stepBody(request)))),
    ),
    SeekReplay: handlers.unary(async (request: SeekReplayMessage) =>
      replayMessage(await replays.seek(parseReplayId(request.id), parseFields(seekSchema, seekBody(request)).to)),
    ),
    SetReplaySpeed: handlers.unary(async (request: ReplaySpeedMessage) =>
      replayMessage(await replays.setSpeed(parseReplayId(request.id), parseFields(speedSchema, speedBody(request)).speed)),
    ),
    RemoveReplay: handlers.unary(async ({ id }: ReplayMessage) => replayMessage(await replays.remove(parseReplayId(id)))),
  };
}
