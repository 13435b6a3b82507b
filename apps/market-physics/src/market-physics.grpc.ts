import { toPhysicsStateJson } from '@hindcast/physics';
import { givenList, givenText, parseFields, present, type GrpcCall, type GrpcDoors, type GrpcServer } from '@hindcast/service-kit';
import { z } from 'zod';
import { memoryCalls } from './memory/memory-calls.js';
import type { MemoryService } from './memory/memory-service.js';
import { parseSkillQuery } from './memory/memory-request.js';
import { progressMessage, stateMessage, stateQuery, type FindStateRequest } from './physics-messages.js';
import type { ProgressDto } from './progress.controller.js';
import { replayCalls } from './replay/replay-calls.js';
import type { Replays } from './replay/replays.js';
import type { SimilarMoments } from './similar/similar-moments.js';
import { symbolField } from './request-fields.js';
import { similarBody, similarMessage, skillMessage, type SimilarMessage } from './similar/similar-messages.js';
import { parseSimilarRequest } from './similar/similar-request.js';
import type { StateFinder } from './state-finder.js';
import { parseStateQuestion, symbolsMax } from './states.controller.js';

export interface GrpcDoorParts {
  readonly port: number;
  readonly states: StateFinder;
  readonly moments: SimilarMoments;
  readonly replays: Replays;
  readonly memory: MemoryService;
  readonly progress: () => ProgressDto;
}

interface NewestStatesRequest {
  readonly symbols: readonly string[];
}

/** A thousand symbols, or a vector, and room to spare. */
const requestBytesMax = 256 * 1024;

const newestSchema = z.object({ symbols: z.array(symbolField).max(symbolsMax).optional().describe(`at most ${symbolsMax} symbols`) });

/** The service `MarketPhysics` of market_physics.proto. */
export function openGrpcDoor(doors: GrpcDoors, { port, states, moments, replays, memory, progress }: GrpcDoorParts): Promise<GrpcServer> {
  return doors.open({
    proto: 'market_physics.proto',
    service: 'hindcast.v1.MarketPhysics',
    port,
    receiveBytesMax: requestBytesMax,
    rights: {
      NewestStates: 'read',
      FindState: 'read',
      FindSimilar: 'read',
      GetSkill: 'read',
      GetProgress: 'read',
      ListReplays: 'read',
      GetReplay: 'read',
      GetReplayStates: 'read',
      ListMemories: 'read',
      GetMemoryJob: 'read',
      FitMemory: 'admin',
      BuildMemory: 'admin',
      CancelMemoryJob: 'admin',
      UseMemory: 'admin',
      DropMemory: 'admin',
    },
    methods: (handlers) => ({
      NewestStates: handlers.unary(async (request: NewestStatesRequest) => {
        const { symbols } = parseFields(newestSchema, { symbols: givenList(request.symbols) });
        return {
          states: states
            .newest(symbols && [...new Set(symbols)])
            .map(toPhysicsStateJson)
            .map(stateMessage),
        };
      }),
      FindState: handlers.unary(async (request: FindStateRequest) => {
        const question = parseStateQuestion(givenText(request.symbol), stateQuery(request));
        return stateMessage(toPhysicsStateJson(await states.find(question)));
      }),
      FindSimilar: handlers.unary(async (request: SimilarMessage, { signal }: GrpcCall) =>
        similarMessage(await moments.find(parseSimilarRequest(similarBody(request)), signal)),
      ),
      GetSkill: handlers.unary(async (request: { readonly memory: string }) =>
        skillMessage(await memory.memories.skill(parseSkillQuery(present({ memory: givenText(request.memory) })))),
      ),
      GetProgress: handlers.unary(async () => progressMessage(progress())),
      ...replayCalls(handlers, replays),
      ...memoryCalls(handlers, memory),
    }),
  });
}
