import { HindcastError, usFromIso, type AgentStateDto, type TradeSignal } from '@hindcast/contracts';
import { givenText, isoOfField, present } from '@hindcast/service-kit';

/** Agents' messages of state_broadcaster.proto, to and from what the HTTP doors speak. */

export interface AgentRequest {
  readonly agentId: string;
}

interface AgentStateMessage {
  readonly context?: string;
  readonly lastSignal?: string;
  readonly lastUpdateUs?: number;
  readonly furtherJson: string;
}

export interface PutAgentStateRequest extends AgentRequest {
  readonly state: AgentStateMessage | null;
}

export interface SignalMessage {
  readonly symbol: string;
  readonly side: string;
  readonly confidence?: number;
  readonly timestampUs?: number;
  readonly agentId?: string;
}

const contractFields: readonly string[] = ['context', 'last_signal', 'last_update'];

/** The body that `PUT /v1/agents/{id}/state` takes. */
export function agentStateBody(state: AgentStateMessage | null): object {
  if (state === null) throw new HindcastError('FIELD_INVALID', 'state is missing: an agent state');
  const { context, lastSignal, lastUpdateUs, furtherJson } = state;
  return {
    ...furtherFields(furtherJson),
    ...present({ context, last_signal: lastSignal, last_update: isoOfField('last_update_us', lastUpdateUs) }),
  };
}

function furtherFields(text: string): object {
  if (text === '') return {};
  const fields = parsedObject(text);
  if (fields === undefined) throw new HindcastError('FIELD_INVALID', `further_json=${JSON.stringify(text.slice(0, 80))}: a JSON object`);
  const twice = Object.keys(fields).find((name) => contractFields.includes(name));
  if (twice === undefined) return fields;
  throw new HindcastError('FIELD_INVALID', `further_json has ${twice}: it is a field of its own`);
}

function parsedObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What a plain client of Redis stored in another form than the contract's stays among the further fields. */
export function keptAgentState({ agent_id, ttl_seconds, state }: AgentStateDto): object {
  const { context, last_signal, last_update, ...further } = state as Readonly<Record<string, unknown>>;
  const lastUpdateUs = typeof last_update === 'string' ? usFromIso(last_update) : undefined;
  const others = {
    ...further,
    ...present({
      context: typeof context === 'string' ? undefined : context,
      last_signal: typeof last_signal === 'string' || last_signal === null ? undefined : last_signal,
      last_update: lastUpdateUs === undefined ? last_update : undefined,
    }),
  };
  return {
    agentId: agent_id,
    ...(ttl_seconds === null ? {} : { ttlSeconds: ttl_seconds }),
    state: {
      ...(typeof context === 'string' ? { context } : {}),
      ...(typeof last_signal === 'string' ? { lastSignal: last_signal } : {}),
      ...(lastUpdateUs === undefined ? {} : { lastUpdateUs }),
      furtherJson: Object.keys(others).length === 0 ? '' : JSON.stringify(others),
    },
  };
}

/** The body that `POST /v1/signals` takes. */
export function signalBody({ symbol, side, confidence, timestampUs, agentId }: SignalMessage): object {
  return present({
    symbol: givenText(symbol),
    side: givenText(side),
    confidence,
    timestamp: isoOfField('timestamp_us', timestampUs),
    agent_id: agentId,
  });
}

export function signalMessage({ symbol, side, confidence, timestamp, agent_id }: TradeSignal): SignalMessage {
  return { symbol, side, confidence, timestampUs: usFromIso(timestamp), agentId: agent_id };
}
