import { channels, usFromIso } from '@hindcast/contracts';

/** The events that can be subscribed to, and the channels that they come from. */
export const streamEvents = ['PHYSICS_UPDATE', 'TRADE_SIGNAL', 'TICK_STORED'] as const;
export type StreamEvent = (typeof streamEvents)[number];

const eventOfChannel: Readonly<Record<string, StreamEvent>> = {
  [channels.stateUpdate]: 'PHYSICS_UPDATE',
  [channels.tradeSignals]: 'TRADE_SIGNAL',
  [channels.tickStored]: 'TICK_STORED',
};

export const streamChannels = Object.keys(eventOfChannel);

/** What is told of a replay itself: whoever listens to it gets it, with whatever else it asked for. */
const replayChanged = 'REPLAY_CHANGED';

/** Ours have a few hundred bytes; anybody may publish anything, and it would be sent to everybody. */
const broadcastBytesMax = 64 * 1024;

/** One message of the bus: what is needed to pass it on, and the bytes as they came. */
export interface Broadcast {
  readonly event: StreamEvent | typeof replayChanged;
  /** TICK_STORED and REPLAY_CHANGED are about no symbol: whoever asked for the event gets it. */
  readonly symbol: string | undefined;
  /** A newer message of the same key makes an older one needless; signals never are, so they have none. */
  readonly key: string | undefined;
  /** Event time, where updates of one instrument are ordered by it. */
  readonly timeUs: number | undefined;
  readonly payload: Uint8Array;
  /** Of a replay: which of its runs, as every seek begins a new one. */
  readonly run?: number;
  /** Of a replay: nothing follows. */
  readonly isLast?: boolean;
}

/** A symbol in a market as one string; the market is absent in the plain messages of 001. */
export function instrumentKey(symbol: string, market: string | undefined): string {
  return `${market ?? ''} ${symbol}`;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const eventPrefix = new TextEncoder().encode('{"event":"TRADE_SIGNAL",');

/** Undefined for what is not a message of the channel's kind: anybody may publish anything. */
export function parseBroadcast(channel: string, payload: Uint8Array): Broadcast | undefined {
  if (payload.length > broadcastBytesMax) return undefined;
  const event = eventOfChannel[channel];
  const message = objectOf(payload);
  if (event === undefined || message === undefined) return undefined;
  if (event === 'TRADE_SIGNAL') return parseSignal(message, payload);
  if (message['event'] !== event) return undefined;
  return event === 'TICK_STORED' ? parseTickStored(message, payload) : parseUpdate(message, payload);
}

/** A message on the channel of a replay; undefined for what is none. */
export function parseReplayed(payload: Uint8Array): Broadcast | undefined {
  if (payload.length > broadcastBytesMax) return undefined;
  const message = objectOf(payload);
  const run = message?.['run'];
  if (message === undefined || typeof run !== 'number') return undefined;
  if (message['event'] === 'PHYSICS_UPDATE') {
    const update = parseUpdate(message, payload);
    return update && { ...update, run };
  }
  if (message['event'] !== replayChanged) return undefined;
  const isLast = message['state'] === 'removed';
  return { event: replayChanged, symbol: undefined, key: undefined, timeUs: undefined, payload, run, isLast };
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseUpdate({ symbol, timestamp, data }: JsonObject, payload: Uint8Array): Broadcast | undefined {
  if (typeof symbol !== 'string' || typeof timestamp !== 'string' || !isObject(data)) return undefined;
  const timeUs = usFromIso(timestamp);
  if (timeUs === undefined) return undefined;
  const { market } = data;
  const key = instrumentKey(symbol, typeof market === 'string' ? market : undefined);
  return { event: 'PHYSICS_UPDATE', symbol, key, timeUs, payload };
}

/** Signals of 001 do not name their event; a stream of several kinds has to. */
function parseSignal(message: JsonObject, payload: Uint8Array): Broadcast | undefined {
  const { symbol, event } = message;
  if (typeof symbol !== 'string') return undefined;
  return { event: 'TRADE_SIGNAL', symbol, key: undefined, timeUs: undefined, payload: event === undefined ? withEvent(payload) : payload };
}

function parseTickStored({ table }: JsonObject, payload: Uint8Array): Broadcast | undefined {
  if (typeof table !== 'string') return undefined;
  return { event: 'TICK_STORED', symbol: undefined, key: `stored ${table}`, timeUs: undefined, payload };
}

function withEvent(payload: Uint8Array): Uint8Array {
  return Buffer.concat([eventPrefix, payload.subarray(payload.indexOf(0x7b) + 1)]);
}

/** The message with how many were left out before it; unchanged where none was. */
export function withMissed(payload: Uint8Array, missed: number): Uint8Array {
  if (missed === 0) return payload;
  return Buffer.concat([payload.subarray(0, payload.lastIndexOf(0x7d)), Buffer.from(`,"missed":${missed}}`)]);
}

function objectOf(payload: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(payload));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
