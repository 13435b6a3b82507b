import { Body, Controller, Delete, Get, Param, Put } from '@nestjs/common';
import type { AgentStateDto, ErrorCode } from '@hindcast/contracts';
import { Documented } from '@hindcast/service-kit';
import { agentIdField } from './agent-fields.js';
import { AgentStates, agentStateSchema } from './agent-states.js';

const path = { id: agentIdField };
const busErrors: readonly ErrorCode[] = ['BUS_AWAY', 'BUS_DENIED'];

@Controller('v1/agents')
export class AgentsController {
  constructor(private readonly agents: AgentStates) {}

  /**
   * Keeps an agent's state for 3,600 seconds, in place of an older one. Body: an object with `context` (text), `last_signal`
   * (BUY, SELL or null), `last_update` (ISO 8601, else now) and whatever the agent adds, at most 65,536 bytes and 32 levels.
   * `id` matches `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`.
   */
  @Put(':id/state')
  @Documented({ path, body: agentStateSchema, errors: ['AGENT_STATE_TOO_LARGE', ...busErrors] })
  put(@Param('id') id: string, @Body() body: unknown): Promise<AgentStateDto> {
    return this.agents.put(id, body);
  }

  /** An agent's state, and the seconds that it is still kept. */
  @Get(':id/state')
  @Documented({ path, errors: ['AGENT_UNKNOWN', ...busErrors] })
  get(@Param('id') id: string): Promise<AgentStateDto> {
    return this.agents.get(id);
  }

  /** Forgets an agent's state. */
  @Delete(':id/state')
  @Documented({ path, errors: ['AGENT_UNKNOWN', ...busErrors] })
  remove(@Param('id') id: string): Promise<{ readonly agent_id: string }> {
    return this.agents.remove(id);
  }
}
