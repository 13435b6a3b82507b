import { usFromIso } from '@hindcast/contracts';
import { present } from '@hindcast/service-kit';

type JsonObject = Readonly<Record<string, unknown>>;

/** A `StreamMessage` of state_broadcaster.proto: `missed`, and the one message under its name. */
export type StreamMessage = Readonly<Record<string, unknown>>;

/** Broadcasts go to many subscribers: each is translated once, while its bytes are held. */
const translated = new WeakMap<Uint8Array, StreamMessage>();

/** A message of the stream, as it stands in JSON, for gRPC. What has another type than the contract says is left out. */
export function streamMessage(payload: Uint8Array | string): StreamMessage {
  if (typeof payload === 'string') return translate(payload);
  const known = translated.get(payload);
  if (known !== undefined) return known;
  const message = translate(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8'));
  translated.set(payload, message);
  return message;
}

function translate(text: string): StreamMessage {
  const message = JSON.parse(text) as JsonObject;
  const content = translators[String(message['event'])]?.(message) ?? {};
  return {
    ...content,
    missed: numberOf(message['missed']) ?? 0,
    replay: textOf(message['replay']) ?? '',
    run: numberOf(message['run']) ?? 0,
  };
}

const translators: Readonly<Record<string, (message: JsonObject) => StreamMessage>> = {
  SUBSCRIBED: ({ subscriptions }) => ({
    subscribed: { subscriptions: Object.entries(objectOf(subscriptions)).map(([event, symbols]) => ({ event, symbols })) },
  }),
  SNAPSHOT: ({ reason, states }) => ({ snapshot: { reason, states: (states as readonly JsonObject[]).map(stateOf) } }),
  PHYSICS_UPDATE: ({ symbol, timestamp, data }) => ({
    physicsUpdate: { symbol, timestampUs: timeOf(timestamp), ...measuresOf(objectOf(data)) },
  }),
  TRADE_SIGNAL: ({ symbol, side, confidence, timestamp, agent_id }) => ({
    tradeSignal: present({
      symbol,
      side: textOf(side),
      confidence: numberOf(confidence),
      timestampUs: timeOf(timestamp),
      agentId: textOf(agent_id),
    }),
  }),
  TICK_STORED: ({ table, stream_id, through_number, rows, timestamp }) => ({
    tickStored: present({
      table,
      streamId: textOf(stream_id),
      throughNumber: numberOf(through_number),
      rows: numberOf(rows),
      timestampUs: timeOf(timestamp),
    }),
  }),
  REPLAY_CHANGED: ({ state, position, speed }) => ({
    replayChanged: present({ state: textOf(state), positionUs: timeOf(position), speed: String(speed) }),
  }),
  HEARTBEAT: ({ timestamp }) => ({ heartbeat: { timestampUs: timeOf(timestamp) } }),
  ERROR: ({ error }) => ({ error }),
};

function stateOf(state: JsonObject): JsonObject {
  const { symbol, trades, volume, signed_volume, alpha_coefficient, timestamp } = state;
  return {
    symbol,
    timestampUs: timeOf(timestamp),
    ...measuresOf(state),
    ...present({
      alphaCoefficient: numberOf(alpha_coefficient),
      volume: numberOf(volume),
      signedVolume: numberOf(signed_volume),
      trades: numberOf(trades),
    }),
  };
}

function measuresOf({ market, regime, alpha, mass, velocity, momentum, friction, entropy, nash_dist, price }: JsonObject): JsonObject {
  return present({
    market: textOf(market),
    regime: textOf(regime),
    alpha: numberOf(alpha),
    mass: numberOf(mass),
    velocity: numberOf(velocity),
    momentum: numberOf(momentum),
    friction: numberOf(friction),
    entropy: numberOf(entropy),
    nashDist: numberOf(nash_dist),
    price: numberOf(price),
  });
}

function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function timeOf(value: unknown): number | undefined {
  return typeof value === 'string' ? usFromIso(value) : undefined;
}
