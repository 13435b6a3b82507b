/** Those who listen while data comes in: over WebSocket, over SSE, and a plain subscriber of Redis that knows only 001. */
import { TextDecoderStream } from 'node:stream/web';
import { Redis } from 'ioredis';
import { WebSocket } from 'ws';
import { until } from './hindcast-under-test.mjs';

/** Keeps the messages of a symbol's states as they come: SNAPSHOT and PHYSICS_UPDATE. */
export async function listenByWebSocket(url, symbols) {
  const messages = [];
  const socket = new WebSocket(url);
  socket.on('message', (data) => messages.push(JSON.parse(data.toString())));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.send(JSON.stringify({ action: 'subscribe', symbols, events: ['PHYSICS_UPDATE'] }));
  await until('a snapshot over WebSocket', () => messages.some(isAnswer));
  return { messages, close: () => socket.terminate() };
}

export async function listenBySse(url, symbols) {
  const messages = [];
  const abort = new AbortController();
  const response = await fetch(`${url}?symbols=${symbols.join(',')}`, { signal: abort.signal });
  if (!response.ok) throw new Error(`${response.status} from ${url}`);
  const ended = readEvents(response.body, messages).catch((error) => {
    if (!abort.signal.aborted) throw error;
  });
  await until('a snapshot over SSE', () => messages.some(isAnswer));
  return { messages, close: () => (abort.abort(), ended) };
}

/** An ERROR takes the place of a snapshot that cannot be had. */
function isAnswer({ event }) {
  return event === 'SNAPSHOT' || event === 'ERROR';
}

async function readEvents(body, messages) {
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      const data = block.split('\n').filter((line) => line.startsWith('data:'));
      if (data.length > 0) messages.push(JSON.parse(data.map((line) => line.slice('data:'.length)).join('\n')));
    }
  }
}

/** The channel `state_update` as any client of Redis reads it. */
export async function listenToRedis(url) {
  const messages = [];
  const redis = new Redis(url);
  redis.on('message', (_channel, text) => messages.push(JSON.parse(text)));
  await redis.subscribe('state_update');
  return { messages, close: () => redis.disconnect() };
}

/**
 * Follows one symbol through a stream's messages and says where a state is missing between two of them: each update must
 * be the state after the last one told of, but for as many as it says were missed. `place` is the last one told of.
 */
export function holesIn(messages, { symbol, timestamps }) {
  const placeOf = new Map(timestamps.map((timestamp, place) => [timestamp, place]));
  const holes = [];
  let place = -1;
  for (const { event, states, timestamp, symbol: of, missed = 0, ...rest } of messages) {
    if (event === 'ERROR') holes.push(`an error: ${JSON.stringify(rest)}`);
    if (event === 'SNAPSHOT') {
      const shown = states.find((state) => state.symbol === symbol);
      const next = shown === undefined ? -1 : placeOf.get(shown.timestamp);
      if (next === undefined || next < place) holes.push(`a snapshot of ${shown?.timestamp} after state ${place}`);
      place = next ?? place;
    }
    if (event === 'PHYSICS_UPDATE' && of === symbol) {
      const next = placeOf.get(timestamp);
      if (next !== place + 1 + missed) holes.push(`${timestamp} is state ${next} after ${place}, with ${missed} missed`);
      place = next;
    }
  }
  return { holes: holes.slice(0, 5), place };
}
