/** Text frames of RFC 6455 as a server sends them: whole and unmasked, so the same bytes do for every subscriber. */
const finalText = 0x81;
const length16 = 126;
const length64 = 127;

/** Gone with the message itself. */
const frameOfPayload = new WeakMap<Uint8Array, Buffer>();
let newest: { readonly frames: readonly Buffer[]; readonly joined: Buffer } | undefined;

/** Made once for each payload, however many subscribers it goes to. `payload` is UTF-8 and does not change any more. */
export function textFrame(payload: Uint8Array): Buffer {
  const known = frameOfPayload.get(payload);
  if (known !== undefined) return known;
  const header = headerOf(payload.length);
  const frame = Buffer.allocUnsafe(header.length + payload.length);
  frame.set(header);
  frame.set(payload, header.length);
  frameOfPayload.set(payload, frame);
  return frame;
}

/** Subscribers to the same symbols get the same frames one after another: they share one copy. */
export function joinedFrames(frames: readonly Buffer[]): Buffer {
  if (frames.length === 1) return frames[0];
  if (newest === undefined || !areSame(newest.frames, frames)) newest = { frames, joined: Buffer.concat(frames) };
  return newest.joined;
}

function areSame(one: readonly Buffer[], other: readonly Buffer[]): boolean {
  return one.length === other.length && one.every((frame, index) => frame === other[index]);
}

function headerOf(length: number): Buffer {
  if (length < length16) return Buffer.of(finalText, length);
  if (length < 2 ** 16) return Buffer.of(finalText, length16, length >> 8, length & 0xff);
  const header = Buffer.alloc(10);
  header.writeUInt16BE((finalText << 8) | length64);
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}
