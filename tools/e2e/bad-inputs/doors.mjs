/**
 * How bad input is sent, and what comes back as one line: `400 BODY_INVALID`, `rejected PRICE_INVALID`, `closed 1009`,
 * `grpc 3 FIELD_INVALID`. Every sender ends by itself, whatever the other side does.
 */
import { connect } from 'node:net';
import http2 from 'node:http2';
import { WebSocket } from 'ws';

/** A bound for an answer, so that one that never comes has a name. */
const answerMaxMs = 60_000;

/** @param {string | Uint8Array | undefined} body */
export async function send(url, { method = 'POST', body, type = 'application/json', headers = {} } = {}) {
  const options = { method, body, headers: { ...(type === null ? {} : { 'content-type': type }), ...headers } };
  const response = await fetch(url, { ...options, signal: AbortSignal.timeout(answerMaxMs) });
  return outcomeOf(response.status, await response.text());
}

/** Of an HTTP answer with the one body of errors, or an ingest answer whose rows were all rejected. */
export function outcomeOf(status, text) {
  const answer = parsed(text);
  const code = answer?.error?.code;
  if (code !== undefined) return `${status} ${code}`;
  if (answer?.rejected > 0 && answer.accepted === 0) return `rejected ${answer.rejected_rows[0].code}`;
  return `${status} ${text.slice(0, 200)}`;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Bytes on a plain connection, then, where it says so, our end of it. Resolves with the first answer, or with `closed`.
 * @param {readonly (string | Uint8Array)[]} pieces
 */
export function sendRaw(url, pieces, { end = false, destroy = false, waitMs = answerMaxMs } = {}) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    let text = '';
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      const answer = firstAnswer(text);
      resolve(answer === undefined ? 'closed' : outcomeOf(answer.status, answer.body));
    };
    const timer = setTimeout(() => (text === '' ? resolve('nothing') : done()), waitMs);
    socket.on('error', done).on('close', done).on('end', done);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (firstAnswer(text)?.isWhole) done();
    });
    socket.on('connect', () => {
      for (const piece of pieces) socket.write(piece);
      if (end) socket.end();
      if (destroy) socket.destroy();
    });
  });
}

/** Messages over a WebSocket; the outcome of the last answer, of the upgrade's refusal, or the code it was closed with. */
export function sendMessages(url, messages, { answers = 1, headers = {}, quiet = false } = {}) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { headers, perMessageDeflate: false });
    let left = answers;
    const done = (outcome) => {
      clearTimeout(timer);
      socket.terminate();
      resolve(outcome);
    };
    const timer = setTimeout(() => done('nothing'), answerMaxMs);
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk)).on('end', () => done(outcomeOf(response.statusCode, text)));
    });
    socket.on('error', () => undefined);
    socket.on('close', (code) => done(`closed ${code}`));
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString());
      if (quiet && message.event === 'SUBSCRIBED') return done('subscribed');
      if (message.event === 'SUBSCRIBED' || message.event === 'SNAPSHOT' || message.event === 'HEARTBEAT') return;
      if (--left > 0) return;
      done(message.event === 'ERROR' ? `error ${message.error.code}` : outcomeOf(200, data.toString()));
    });
    socket.on('open', () => {
      for (const message of messages)
        socket.send(typeof message === 'object' && !Buffer.isBuffer(message) ? JSON.stringify(message) : message);
    });
  });
}

function firstAnswer(text) {
  const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
  const bodyAt = text.indexOf('\r\n\r\n') + 4;
  if (status === undefined || bodyAt < 4) return undefined;
  const length = Number(/^content-length: (\d+)\r$/im.exec(text.slice(0, bodyAt))?.[1] ?? Infinity);
  return { status, body: text.slice(bodyAt, bodyAt + length), isWhole: text.length >= bodyAt + length };
}

/** A body that is refused before its end: a caller that only writes would see the connection end, and not why. */
export function sendLarge(url, body, { type = 'application/json' } = {}) {
  const { pathname, host } = new URL(url);
  const head = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return sendRaw(url, [head, body]);
}

/** Frames of a WebSocket as bytes, behind an upgrade that is in order. */
export function sendFrames(url, frames) {
  const upgrade =
    `GET ${new URL(url).pathname} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
    'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
  const { hostname, port } = new URL(url.replace('ws:', 'http:'));
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const received = [];
    let isOpen = false;
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(closeCodeIn(Buffer.concat(received)));
    };
    const timer = setTimeout(done, answerMaxMs);
    socket.on('error', done).on('close', done);
    socket.on('data', (chunk) => {
      received.push(chunk);
      if (!isOpen && Buffer.concat(received).includes('\r\n\r\n')) {
        isOpen = true;
        received.length = 0;
        for (const frame of frames) socket.write(frame);
      }
    });
    socket.on('connect', () => socket.write(upgrade));
  });
}

/** The code of the close frame among the frames that a server sent. */
function closeCodeIn(bytes) {
  for (let at = 0; at + 2 <= bytes.length;) {
    const short = bytes[at + 1] & 0x7f;
    const head = short === 126 ? 4 : short === 127 ? 10 : 2;
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short;
    if ((bytes[at] & 0x0f) === 8) return length >= 2 ? `closed ${bytes.readUInt16BE(at + head)}` : 'closed';
    at += head + length;
  }
  return 'closed';
}

/** A frame from a client: masked with zeros, as a browser may. */
export function frame(opcode, payload, { fin = true, masked = true, reserved = 0 } = {}) {
  const bytes = Buffer.from(payload);
  const length = bytes.length < 126 ? [bytes.length] : [126, bytes.length >> 8, bytes.length & 255];
  length[0] |= masked ? 0x80 : 0;
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | (reserved << 4) | opcode, ...length]), Buffer.alloc(masked ? 4 : 0), bytes]);
}

/** A call over HTTP/2 with whatever bytes as its messages; the outcome is its status, or how the stream ended. */
export function sendGrpc(address, path, bytes, { type = 'application/grpc', headers = {}, end = true } = {}) {
  return new Promise((resolve) => {
    const session = http2.connect(`http://${address}`);
    let outcome = 'closed';
    const done = () => {
      clearTimeout(timer);
      session.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => ((outcome = 'nothing'), done()), answerMaxMs);
    session.on('error', done);
    const call = session.request({ ':method': 'POST', ':path': path, 'content-type': type, te: 'trailers', ...headers });
    const read = (metadata) => {
      if (metadata['grpc-status'] !== undefined) outcome = `grpc ${metadata['grpc-status']}${codeOf(metadata)}`;
      else if (metadata[':status'] !== 200 && metadata[':status'] !== undefined) outcome = String(metadata[':status']);
    };
    call.on('response', read).on('trailers', read).on('error', done).on('close', done);
    call.on('data', () => undefined);
    call.write(Buffer.from(bytes));
    if (end) call.end();
  });
}

function codeOf({ 'hindcast-code': code }) {
  return code === undefined ? '' : ` ${code}`;
}

/** One message as gRPC frames it: a flag, a length, the bytes. */
export function grpcFrame(message, { compressed = 0, length = message.length } = {}) {
  const head = Buffer.alloc(5);
  head[0] = compressed;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}
