import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import type { MemoriesDto, MemoryJobDto } from '@hindcast/contracts';
import { memoryId } from '@hindcast/memory';
import { Documented, Needs } from '@hindcast/service-kit';
import { buildSchema, fitSchema, parseBuild, parseFit, parseUse, useSchema } from './memory-request.js';
import { MemoryService } from './memory-service.js';

@Controller('v1/memory')
export class MemoryController {
  constructor(private readonly memory: MemoryService) {}

  /** The memories that there are: how each was fitted, what is in it, its index, what it is worth; who keeps it up, and jobs. */
  @Get()
  @Documented({})
  list(): Promise<MemoriesDto> {
    return this.memory.memories.report();
  }

  /**
   * Learns a new memory's scaler, weights and bands from stored trades of a span, and from nothing after it, in the background; one job at
   * a time. It has no moments yet: build it, then use it. Answers 202 with the `id` to ask by.
   */
  @Post('fits')
  @Needs('admin')
  @HttpCode(202)
  @Documented({ body: fitSchema, errors: ['MEMORY_BUSY', 'MEMORY_EXISTS', 'SYMBOL_UNKNOWN'] })
  fit(@Body() body: unknown): Promise<MemoryJobDto> {
    return this.memory.jobs.startFit(parseFit(body, this.memory.defaults));
  }

  /**
   * Fills a memory from stored trades: every session day that the span touches, with what followed each moment. Days that are whole in it
   * are skipped, so that the same request goes on where one was cut off, except where trades of a day that was imported after later ones have
   * come since. Without `from` and `to` all that is stored. At its end what the
   * memory is worth is measured anew (`GET /v1/skill`), unless `measure` is false. Answers 202.
   */
  @Post('builds')
  @Needs('admin')
  @HttpCode(202)
  @Documented({ body: buildSchema, errors: ['MEMORY_BUSY', 'MEMORY_UNKNOWN', 'SYMBOL_UNKNOWN'] })
  build(@Body() body: unknown): Promise<MemoryJobDto> {
    return this.memory.jobs.startBuild(parseBuild(body));
  }

  /** How far a job is, or how it ended. */
  @Get('jobs/:id')
  @Documented({ errors: ['JOB_UNKNOWN'] })
  job(@Param('id') id: string): MemoryJobDto {
    return this.memory.jobs.get(id);
  }

  /** Stops a job. What a build has stored stays, and is not made again by the next one. */
  @Delete('jobs/:id')
  @Needs('admin')
  @Documented({ errors: ['JOB_UNKNOWN'] })
  cancel(@Param('id') id: string): Promise<MemoryJobDto> {
    return this.memory.jobs.cancel(id);
  }

  /** Questions that name no memory are asked of this one from here on. The one before stays, and is not kept up any more. */
  @Put('in-use')
  @Needs('admin')
  @Documented({ body: useSchema, errors: ['MEMORY_UNKNOWN'] })
  use(@Body() body: unknown): Promise<MemoriesDto> {
    return this.memory.memories.use(parseUse(body));
  }

  /** Removes a memory with its moments. The one in use is not removed. */
  @Delete(':id')
  @Needs('admin')
  @Documented({ errors: ['MEMORY_UNKNOWN', 'MEMORY_IN_USE', 'MEMORY_BUSY'] })
  drop(@Param('id') id: string): Promise<MemoriesDto> {
    return this.memory.memories.drop(memoryId(id));
  }
}
