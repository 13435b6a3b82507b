import { givenList, givenText, parseFields, type GrpcCall, type GrpcDoors, type GrpcServer } from '@hindcast/service-kit';
import { z } from 'zod';
import {
  agentStateBody,
  keptAgentState,
  signalBody,
  signalMessage,
  type AgentRequest,
  type PutAgentStateRequest,
  type SignalMessage,
} from './agent-messages.js';
import type { AgentStates } from './agent-states.js';
import { replayField, selectionSchema } from './client-messages.js';
import type { Clients } from './clients.js';
import { GrpcSink } from './grpc-sink.js';
import type { StreamMessage } from './stream-messages.js';
import type { TradeSignals } from './trade-signals.js';

export interface GrpcDoorParts {
  readonly port: number;
  readonly clients: Clients;
  readonly agents: AgentStates;
  readonly signals: TradeSignals;
}

interface SubscribeRequest {
  readonly symbols: readonly string[];
  readonly events: readonly string[];
  readonly replay: string;
}

const replaySchema = z.object({ replay: replayField.optional() });

/** An agent's state and its further fields, twice as long where every character is escaped. */
const messageBytesMax = 256 * 1024;

/** The service `StateBroadcaster` of state_broadcaster.proto. */
export function openGrpcDoor(doors: GrpcDoors, { port, clients, agents, signals }: GrpcDoorParts): Promise<GrpcServer> {
  return doors.open({
    proto: 'state_broadcaster.proto',
    service: 'hindcast.v1.StateBroadcaster',
    port,
    receiveBytesMax: messageBytesMax,
    rights: { GetAgentState: 'read' },
    methods: (handlers) => ({
      Subscribe: handlers.serverStream((request: SubscribeRequest, call: GrpcCall) => subscribe(request, call, clients)),
      PutAgentState: handlers.unary(async ({ agentId, state }: PutAgentStateRequest) =>
        keptAgentState(await agents.put(agentId, agentStateBody(state))),
      ),
      GetAgentState: handlers.unary(async ({ agentId }: AgentRequest) => keptAgentState(await agents.get(agentId))),
      RemoveAgentState: handlers.unary(async ({ agentId }: AgentRequest) => {
        await agents.remove(agentId);
        return { agentId };
      }),
      PublishSignal: handlers.unary(async (signal: SignalMessage) => signalMessage(await signals.publish(signalBody(signal)))),
    }),
  });
}

async function* subscribe(
  { symbols, events, replay: named }: SubscribeRequest,
  { address, signal }: GrpcCall,
  clients: Clients,
): AsyncGenerator<StreamMessage> {
  const selection = parseFields(selectionSchema, { symbols: givenList(symbols), events: givenList(events) });
  const { replay } = parseFields(replaySchema, { replay: givenText(named) });
  const sink = new GrpcSink(address);
  const session = clients.open(sink, replay);
  try {
    session.subscribe(selection);
    yield* sink.messages(signal);
  } finally {
    clients.remove(session);
  }
}
