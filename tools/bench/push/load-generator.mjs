/**
 * The sender of the push bench, in a process of its own so that its work is not counted as the service's: it makes and encodes
 * all messages first, says `ready`, and sends them as fast as they are acknowledged once it is told `go`. At the end it prints
 * what came of it. It shares the machine's cores with the service all the same.
 */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { tickIngestClient } from '@hindcast/log-grpc';
import { encodePushedTrades } from '@hindcast/market';
import { syntheticJson, syntheticTrades } from './synthetic-trades.mjs';

/**
 * @typedef {object} Load
 * @property {'grpc' | 'json'} door
 * @property {string} url `host:port` for gRPC, `http://host:port` for JSON
 * @property {number} batchRows
 * @property {number} firstTick where an earlier load has ended
 * @property {number} ticksMax made beforehand; the load ends early where they are used up
 * @property {number} durationMs
 * @property {number} streams open at once
 * @property {number} windowMax messages on their way in each stream
 * @property {number} [symbols] instruments in turn; a hundred where nothing is said
 * @property {number} [stepUs] of event time between two ticks; one where nothing is said
 * @typedef {object} LoadResult
 * @property {number} acknowledged ticks, within the duration
 * @property {number} sent ticks, each acknowledged in the end
 * @property {number} elapsedMs
 * @property {number} cpuMs of the sender, preparation not counted
 */

/** @type {Load} */
const load = JSON.parse(process.argv[2] ?? '');

/**
 * @template Message
 * @typedef {object} Way
 * @property {readonly Message[]} messages all that may be sent
 * @property {() => { send: (message: Message) => Promise<number>, close: () => void }} open `send` resolves with the ticks taken
 */

/** @param {Load} load @returns {Way<import('@hindcast/log-grpc').PushRequest>} */
function grpcWay({ url, batchRows, firstTick, ticksMax, symbols, stepUs }) {
  const messages = Array.from({ length: Math.floor(ticksMax / batchRows) }, (_, n) => {
    const { trades } = syntheticTrades({ first: firstTick + n * batchRows, rows: batchRows, symbols, stepUs });
    const nothing = { market: '', quotes: new Uint8Array(0), marks: [], slackMs: 0, rejected: [], streamId: '' };
    return { ...nothing, tag: n, source: 'bench', trades: encodePushedTrades(trades) };
  });
  const client = tickIngestClient({ url });
  return {
    messages,
    open() {
      const call = client.Push();
      /** @type {((accepted: number) => void)[]} */
      const waiting = [];
      call.on('data', ({ accepted, errorCode, errorMessage }) => {
        if (errorCode !== '') throw new Error(`${errorCode}: ${errorMessage}`);
        waiting.shift()?.(accepted);
      });
      call.on('error', (error) => {
        if (waiting.length > 0) throw error;
      });
      return {
        send(message) {
          call.write(message);
          return new Promise((resolve) => waiting.push(resolve));
        },
        close: () => call.end(),
      };
    },
  };
}

/** @param {Load} load @returns {Way<Buffer>} */
function jsonWay({ url, batchRows, firstTick, ticksMax, streams, windowMax }) {
  const messages = Array.from({ length: Math.floor(ticksMax / batchRows) }, (_, n) =>
    Buffer.from(syntheticJson({ first: firstTick + n * batchRows, rows: batchRows })),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: streams * windowMax });
  const target = new URL('/v1/trades', url);
  const send = async (/** @type {Buffer} */ message) => {
    const sent = request(target, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json', 'content-length': message.length },
    });
    sent.end(message);
    const [response] = await once(sent, 'response');
    const parts = [];
    for await (const part of response) parts.push(part);
    const answer = JSON.parse(Buffer.concat(parts).toString());
    if (response.statusCode !== 200) throw new Error(`the door answered ${response.statusCode}: ${JSON.stringify(answer)}`);
    return answer.accepted;
  };
  return { messages, open: () => ({ send, close: () => agent.destroy() }) };
}

/**
 * @template Message
 * @param {Way<Message>} way
 * @returns {Promise<LoadResult>}
 */
async function run({ messages, open }) {
  const streams = Array.from({ length: load.streams }, open);
  console.log('ready');
  await once(createInterface({ input: process.stdin }), 'line');
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  const endMs = startedMs + load.durationMs;
  let next = 0;
  let acknowledged = 0;
  let sent = 0;
  let lastMs = startedMs;
  const sendInTurn = async (/** @type {(message: Message) => Promise<number>} */ send) => {
    while (next < messages.length && performance.now() < endMs) {
      const taken = await send(/** @type {Message} */ (messages[next++]));
      if (taken !== load.batchRows) throw new Error(`of ${load.batchRows} new ticks ${taken} were taken`);
      sent += taken;
      const nowMs = performance.now();
      if (nowMs > endMs) continue;
      acknowledged += taken;
      lastMs = nowMs;
    }
  };
  await Promise.all(streams.flatMap(({ send }) => Array.from({ length: load.windowMax }, () => sendInTurn(send))));
  for (const { close } of streams) close();
  const isUsedUp = next >= messages.length;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { acknowledged, sent, elapsedMs: isUsedUp ? lastMs - startedMs : load.durationMs, cpuMs: (user + system) / 1_000 };
}

console.log(JSON.stringify(await (load.door === 'grpc' ? run(grpcWay(load)) : run(jsonWay(load)))));
process.exit(0);
