import { loadSync } from '@grpc/proto-loader';
import fc from 'fast-check';
import { protoFolder } from './grpc-server.js';
import { faultIn, shapeOf, type MessageDescriptor } from './message-shape.js';

const types = loadSync('tick_ingest.proto', { includeDirs: [protoFolder], longs: Number, enums: String, defaults: true, oneofs: true });
const messageOf = (name: string): MessageDescriptor => types[`hindcast.v1.${name}`].type as MessageDescriptor;
const push = shapeOf(messageOf('PushRequest'), messageOf);
const { serialize, deserialize } = types['hindcast.v1.PushRequest'] as unknown as {
  serialize(message: object): Buffer;
  deserialize(bytes: Uint8Array): object;
};

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const whole = fc.maxSafeInteger();
const request = fc.record(
  {
    tag: fc.nat(),
    source: text,
    market: text,
    trades: fc.uint8Array({ maxLength: 300 }),
    marks: fc.array(fc.record({ market: text, symbol: text, timeUs: whole }), { maxLength: 5 }),
    rejected: fc.array(fc.record({ index: fc.nat(), code: text, table: text, message: text }), { maxLength: 5 }),
  },
  { requiredKeys: [] },
);

/** A message with one field of 64 bits and one of text. */
const numbers = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
const descriptor: MessageDescriptor = {
  field: [
    { name: 'weight', number: 1, label: 'LABEL_OPTIONAL', type: 'TYPE_DOUBLE', typeName: '' },
    { name: 'name', number: 2, label: 'LABEL_OPTIONAL', type: 'TYPE_STRING', typeName: '' },
    { name: 'vector', number: 3, label: 'LABEL_REPEATED', type: 'TYPE_FLOAT', typeName: '' },
    { name: 'counts', number: 4, label: 'LABEL_REPEATED', type: 'TYPE_INT64', typeName: '' },
    { name: 'inner', number: 5, label: 'LABEL_OPTIONAL', type: 'TYPE_MESSAGE', typeName: 'Inner' },
  ],
};
const inner: MessageDescriptor = {
  field: [{ name: 'name', number: 1, label: 'LABEL_OPTIONAL', type: 'TYPE_STRING', typeName: '' }],
};
const shape = shapeOf(descriptor, () => inner);

it('takes whatever protobuf writes', () => {
  fc.assert(fc.property(request, (message) => expect(faultIn(serialize(message), push)).toBeUndefined()));
});

it('takes nothing that protobuf cannot read', () => {
  const changed = fc
    .tuple(request, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat())
    .map(([message, edits, length]) => {
      const bytes = Buffer.from(serialize(message));
      for (const [at, byte] of edits) if (bytes.length > 0) bytes[at % bytes.length] = byte;
      return bytes.subarray(0, bytes.length - (length % 3));
    });
  fc.assert(
    fc.property(changed, (bytes) => {
      if (faultIn(bytes, push) === undefined) deserialize(bytes);
    }),
    { numRuns: 1_000 },
  );
});

it.each([
  ['nothing', []],
  ['a field that is newer', [0x78, 1]],
  ['packed numbers', [0x1a, 8, 0, 0, 0, 0, 0, 0, 0, 0]],
  ['numbers that are not packed', [0x1d, 0, 0, 0, 0, 0x20, 0x80, 1]],
  ['packed varints', [0x22, 3, 0x80, 1, 2]],
  ['a field twice', [0x12, 1, 0x61, 0x12, 1, 0x62]],
  ['an empty message within', [0x2a, 0]],
])('takes %s', (_, bytes) => {
  expect(faultIn(numbers(...bytes), shape)).toBeUndefined();
});

it.each([
  ['it ends within a tag', [0x80]],
  ['a field has the number 0', [0, 0]],
  ['field 15 is written as type 3, which there is not', [0x7b]],
  ['field 15 is written as type 7, which there is not', [0x7f]],
  ['field 15 does not end', [0x78]],
  ['field 15 does not end', [0x78, ...new Array<number>(10).fill(0xff), 1]],
  ['weight does not end', [0x09, 0, 0, 0, 0]],
  ['weight is written as a varint, not as eight bytes', [0x08, 1]],
  ['name is written as four bytes, not as bytes with a length', [0x15, 0, 0, 0, 0]],
  ['name does not end', [0x12, 5, 0x61]],
  ['name does not end', [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
  ['name is not UTF-8', [0x12, 2, 0xc3, 0x28]],
  ['vector ends within a number', [0x1a, 6, 0, 0, 0, 0, 0, 0]],
  ['counts ends within a number', [0x22, 2, 1, 0x80]],
  ['inner is no message: name does not end', [0x2a, 2, 0x0a, 9]],
])('says that %s', (fault, bytes) => {
  expect(faultIn(numbers(...bytes), shape)).toBe(fault);
});
