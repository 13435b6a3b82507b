import { Controller, Get, Query } from '@nestjs/common';
import type { SkillDto } from '@hindcast/contracts';
import { Documented } from '@hindcast/service-kit';
import { parseSkillQuery, skillQuery } from './memory-request.js';
import { MemoryService } from './memory-service.js';

@Controller('v1/skill')
export class SkillController {
  constructor(private readonly memory: MemoryService) {}

  /**
   * How far to trust a memory: what it foretold on stored days that it had not seen, by horizon and instrument, beside simple forecasts, and
   * in words. Query: `memory`, else the one in use. Every build measures it anew.
   */
  @Get()
  @Documented({ query: skillQuery, errors: ['MEMORY_UNKNOWN'] })
  skill(@Query() query: unknown): Promise<SkillDto> {
    return this.memory.memories.skill(parseSkillQuery(query));
  }
}
