import { GrpcCaller } from '@hindcast/testing';
import { send, sendGrpc, sendMessages, sendRaw } from '../e2e/bad-inputs/doors.mjs';

const types = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  arrow: 'application/vnd.apache.arrow.stream',
  'arrow-file': 'application/vnd.apache.arrow.file',
};

/** Sends one input of inputs.mjs; resolves with what came back, in one line. */
export function sendInput(world, { kind, path, query, bytes, text }) {
  const { urls, grpc } = world;
  switch (kind) {
    case 'grpc':
      return sendGrpc(grpc.tickIngest, '/hindcast.v1.TickIngest/Push', bytes);
    case 'grpc-signal':
      return sendGrpc(grpc.stateBroadcaster, '/hindcast.v1.StateBroadcaster/PublishSignal', bytes);
    case 'grpc-arrow':
      return pushed(grpc.tickIngest, bytes);
    case 'http':
      return sendRaw(urls.tickIngest, [bytes], { end: true });
    case 'ingest':
      return sendMessages(`${urls.tickIngest.replace('http', 'ws')}/v1/ingest`, [text]);
    case 'stream':
      return sendMessages(urls.webSocket, [text], { quiet: true });
    case 'read':
      return send(`${urls.marketData}${path}?${query}`, { method: 'GET', type: null });
    case 'similar':
      return send(`${urls.marketPhysics}/v1/similar`, { body: bytes });
    case 'signal':
      return send(`${world.broadcaster}/v1/signals`, { body: bytes });
    default:
      return send(`${urls.tickIngest}${path}`, { body: bytes, type: types[kind] });
  }
}

async function pushed(address, trades) {
  const port = Number(address.split(':')[1]);
  const caller = GrpcCaller.to({ proto: 'tick_ingest.proto', service: 'hindcast.v1.TickIngest', port });
  try {
    const call = caller.stream('Push');
    call.write({ tag: 1, source: 'fuzz', market: 'usa/equity', trades });
    call.end();
    for await (const { errorCode, rejected, accepted } of call)
      return errorCode === '' ? `200 accepted ${accepted}, rejected ${rejected}` : `refused ${errorCode}`;
    return 'nothing';
  } catch (error) {
    return `grpc ${error.code} ${error.metadata?.get('hindcast-code') ?? ''}`;
  } finally {
    caller.close();
  }
}

/** What is an answer: a code of ours, rows that were rejected, or an end. A fault of ours, or silence, is none. */
export function isClear(outcome) {
  if (/INTERNAL|^5\d\d|^grpc (2|13 )|^nothing$/.test(outcome) && !/^503 (MEMORY|VECTOR|MODEL|STORE)/.test(outcome)) return false;
  return true;
}
