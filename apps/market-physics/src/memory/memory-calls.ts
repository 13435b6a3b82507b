import { memoryId } from '@hindcast/memory';
import type { GrpcHandlers } from '@hindcast/service-kit';
import {
  buildBody,
  fitBody,
  jobMessage,
  memoriesMessage,
  type BuildMemoryMessage,
  type FitMemoryMessage,
  type MemoryJobMessage,
  type MemoryMessage,
} from './memory-messages.js';
import { parseBuild, parseFit } from './memory-request.js';
import type { MemoryService } from './memory-service.js';

/** The calls of the service `MarketPhysics` that are about memories. */
export function memoryCalls(handlers: GrpcHandlers, { memories, jobs, defaults }: MemoryService) {
  return {
    ListMemories: handlers.unary(async () => memoriesMessage(await memories.report())),
    FitMemory: handlers.unary(async (request: FitMemoryMessage) => jobMessage(await jobs.startFit(parseFit(fitBody(request), defaults)))),
    BuildMemory: handlers.unary(async (request: BuildMemoryMessage) => jobMessage(await jobs.startBuild(parseBuild(buildBody(request))))),
    GetMemoryJob: handlers.unary(async ({ id }: MemoryJobMessage) => jobMessage(jobs.get(id))),
    CancelMemoryJob: handlers.unary(async ({ id }: MemoryJobMessage) => jobMessage(await jobs.cancel(id))),
    UseMemory: handlers.unary(async ({ memory }: MemoryMessage) => memoriesMessage(await memories.use(memoryId(memory)))),
    DropMemory: handlers.unary(async ({ memory }: MemoryMessage) => memoriesMessage(await memories.drop(memoryId(memory)))),
  };
}
