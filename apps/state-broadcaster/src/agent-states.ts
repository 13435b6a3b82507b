import { agentStateTtlSeconds, HindcastError, isoFromUs, redisKeys, type AgentState, type AgentStateDto } from '@hindcast/contracts';
import type { Bus, Clock } from '@hindcast/ports';
import { isoTime, parseFields } from '@hindcast/service-kit';
import { z } from 'zod';
import { agentIdField, signalSideField } from './agent-fields.js';

/** What one agent may keep, as JSON in UTF-8. */
export const agentStateBytesMax = 64 * 1024;
const nestingMax = 32;

export const agentStateSchema = z.looseObject({
  context: z.string().optional().describe('text'),
  last_signal: signalSideField.nullable().optional().describe('BUY, SELL or null'),
  last_update: isoTime().optional(),
});

type StateFields = z.infer<typeof agentStateSchema>;

/** The states of agents in Redis: bounded in size, and gone after an hour without a new one. */
export class AgentStates {
  constructor(
    private readonly bus: Pick<Bus, 'setKeys' | 'getExpiringKey' | 'removeKeys'>,
    private readonly clock: Clock,
  ) {}

  /** FIELD_INVALID, AGENT_STATE_TOO_LARGE; nothing is stored then. */
  async put(id: unknown, body: unknown): Promise<AgentStateDto> {
    const agentId = parseAgentId(id);
    const state = this.parse(body);
    const value = JSON.stringify(state);
    const bytes = Buffer.byteLength(value);
    if (bytes > agentStateBytesMax) {
      throw new HindcastError('AGENT_STATE_TOO_LARGE', `the state has ${bytes} bytes as JSON; at most ${agentStateBytesMax} are kept.`);
    }
    await this.bus.setKeys([{ key: redisKeys.agentState(agentId), value, ttlSeconds: agentStateTtlSeconds }]);
    return { agent_id: agentId, ttl_seconds: agentStateTtlSeconds, state };
  }

  /** AGENT_UNKNOWN where there is none. */
  async get(id: unknown): Promise<AgentStateDto> {
    const agentId = parseAgentId(id);
    const key = redisKeys.agentState(agentId);
    const found = await this.bus.getExpiringKey(key);
    if (found === null) throw unknown(agentId);
    return { agent_id: agentId, ttl_seconds: found.ttlSeconds, state: storedState(key, found.value) };
  }

  /** AGENT_UNKNOWN where there is none. */
  async remove(id: unknown): Promise<{ readonly agent_id: string }> {
    const agentId = parseAgentId(id);
    if ((await this.bus.removeKeys([redisKeys.agentState(agentId)])) === 0) throw unknown(agentId);
    return { agent_id: agentId };
  }

  /** The fields of the contract first, in its order. */
  private parse(body: unknown): AgentState {
    // Before anything recursive sees it.
    if (!isShallow(body)) throw new HindcastError('FIELD_INVALID', `the state is nested deeper than ${nestingMax} levels.`);
    const { context, last_signal, last_update, ...further }: StateFields = parseFields(agentStateSchema, body);
    return {
      ...(context === undefined ? {} : { context }),
      ...(last_signal === undefined ? {} : { last_signal }),
      last_update: isoFromUs(last_update ?? this.clock.nowUs()),
      ...further,
    };
  }
}

function parseAgentId(id: unknown): string {
  return parseFields(z.object({ agent_id: agentIdField }), { agent_id: id }).agent_id;
}

function unknown(agentId: string): HindcastError {
  return new HindcastError('AGENT_UNKNOWN', `No state of agent ${agentId} is kept.`);
}

/** Anybody may write to Redis, so what lies under a key need not be a state. */
function storedState(key: string, text: string): AgentState {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as AgentState;
  } catch {
    // Said below, in the same words.
  }
  throw new HindcastError('AGENT_UNKNOWN', `${key} holds no JSON object; somebody else wrote it.`);
}

/** Level by level, because recursion is what a deep value would break. */
function isShallow(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= nestingMax; depth += 1) {
    level = level.flatMap((entry): unknown[] => (typeof entry === 'object' && entry !== null ? Object.values(entry) : []));
    if (level.length === 0) return true;
  }
  return false;
}
