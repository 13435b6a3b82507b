/**
 * A WebSocket subscriber that does as little as one can: it finds where frames begin, and counts those of updates. The
 * library's own client costs several times what the broadcaster spends on a message, and would be what is measured.
 */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { monotonicUs } from '../monotonic-clock.mjs';

const payloadAt = { event: '{"event":"'.length };
const updateLetter = 'P'.charCodeAt(0);
const stampField = Buffer.from('"sent_us":');
/** Looking into every message would be work of the client's. */
const stampEvery = 64;

export class CountingClient {
  updates = 0;
  isSubscribed = false;
  /** Of every 64th update. @type {number[]} */
  latenciesMs = [];
  /** @type {Buffer} */
  #rest = Buffer.alloc(0);

  /** Resolves when the snapshot is there and updates follow. @param {string} url @param {Readonly<Record<string, string>>} headers */
  static open(url, headers) {
    const client = new CountingClient();
    return new Promise((resolve, reject) => {
      const key = randomBytes(16).toString('base64');
      const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': key, 'sec-websocket-version': '13' };
      const call = request(url.replace(/^ws/, 'http'), { headers: { ...headers, ...upgrade } });
      call.on('error', reject);
      call.on('response', ({ statusCode }) => reject(new Error(`${url} answered ${statusCode}`)));
      call.on('upgrade', (_, socket, head) => {
        socket.setNoDelay(true);
        socket.on('data', (chunk) => {
          client.take(chunk);
          if (client.isSubscribed) resolve(client);
        });
        socket.on('error', reject);
        client.take(head);
        socket.write(maskedText(JSON.stringify({ action: 'subscribe', symbols: ['*'], events: ['PHYSICS_UPDATE'] })));
      });
      call.end();
    });
  }

  /** @param {Buffer} chunk */
  take(chunk) {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (let frame = frameAt(bytes, at); frame !== undefined; frame = frameAt(bytes, at)) {
      if (bytes[frame.from + payloadAt.event] === updateLetter) this.#count(bytes, frame);
      else if (bytes.subarray(frame.from, frame.to).includes('"SNAPSHOT"')) this.isSubscribed = true;
      at = frame.to;
    }
    this.#rest = bytes.subarray(at);
  }

  /** @param {Buffer} bytes @param {{ from: number, to: number }} frame */
  #count(bytes, { from, to }) {
    this.updates += 1;
    if (this.updates % stampEvery !== 0) return;
    const payload = bytes.subarray(from, to);
    const stamp = Number.parseInt(payload.toString('latin1', payload.indexOf(stampField) + stampField.length), 10);
    this.latenciesMs.push((monotonicUs() - stamp) / 1_000);
  }
}

/** The next whole frame's payload; servers do not mask. @param {Buffer} bytes @param {number} at */
function frameAt(bytes, at) {
  if (bytes.length < at + 2) return undefined;
  const short = /** @type {number} */ (bytes[at + 1]) & 0x7f;
  const header = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < at + header) return undefined;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
  const from = at + header;
  return bytes.length < from + length ? undefined : { from, to: from + length };
}

/** Masked with zeros, which leaves the text as it is. @param {string} text */
function maskedText(text) {
  const payload = Buffer.from(text);
  if (payload.length > 125) throw new Error('a subscription fits a short frame');
  return Buffer.concat([Buffer.of(0x81, 0x80 | payload.length, 0, 0, 0, 0), payload]);
}
