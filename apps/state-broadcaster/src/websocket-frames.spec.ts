/** @jest-environment-options {"customExportConditions": ["@hindcast/source", "node"]} */
import * as ws from 'ws';
import { joinedFrames, textFrame } from './websocket-frames.js';

/** In the library, and not in its types. */
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: { readonly isServer: boolean }) => NodeJS.WritableStream & NodeJS.EventEmitter;
};

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** What a client makes of the bytes. */
function received(bytes: Buffer): string[] {
  const messages: string[] = [];
  const receiver = new Receiver({ isServer: false });
  receiver.on('message', (message: Buffer) => messages.push(message.toString()));
  receiver.write(bytes);
  return messages;
}

describe('textFrame', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 100_000])('is read as a message of %i bytes', (length) => {
    const text = 'a'.repeat(length);
    expect(received(textFrame(bytesOf(text)))).toEqual([text]);
  });

  it('keeps what is not ASCII', () => {
    expect(received(textFrame(bytesOf('Lévy Stable')))).toEqual(['Lévy Stable']);
  });

  it('is made once for a message, whoever gets it', () => {
    const payload = bytesOf('{}');
    expect(textFrame(payload)).toBe(textFrame(payload));
  });
});

describe('joinedFrames', () => {
  const [one, two, three] = ['one', 'two', 'three'].map((text) => textFrame(bytesOf(text)));

  it('is read as the messages in their order', () => {
    expect(received(joinedFrames([one, two, three]))).toEqual(['one', 'two', 'three']);
  });

  it('is one copy for all who get the same, and another for whoever gets less', () => {
    const all = joinedFrames([one, two, three]);
    expect(joinedFrames([one, two, three])).toBe(all);
    expect(received(joinedFrames([one, three]))).toEqual(['one', 'three']);
    expect(received(all)).toEqual(['one', 'two', 'three']);
  });
});
