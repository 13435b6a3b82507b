import { isUtf8 } from 'node:buffer';

/**
 * Whether bytes are a message of their type, as protobuf's own libraries would have it. The one that reads ours takes a
 * value for whatever its field is declared to be, and what ends too early for whole: a text becomes a number then, and half
 * a number a time.
 */
export type MessageShape = ReadonlyMap<number, FieldShape>;

interface FieldShape {
  readonly name: string;
  readonly wireType: WireType;
  /** Numbers of a list may stand in one block of bytes. */
  readonly mayBePacked: boolean;
  readonly isText: boolean;
  readonly message: MessageShape | undefined;
}

/** How a value is written: the low three bits of its tag. Groups are none of proto3's. */
const wireTypes = { varint: 0, eightBytes: 1, bytes: 2, fourBytes: 5 } as const;
type WireType = (typeof wireTypes)[keyof typeof wireTypes];

const { varint, eightBytes, bytes: withLength, fourBytes } = wireTypes;
const wireTypeNames = new Map<number, string>([
  [varint, 'a varint'],
  [eightBytes, 'eight bytes'],
  [withLength, 'bytes with a length'],
  [fourBytes, 'four bytes'],
]);
const varintBytesMax = 10;
const fieldNumberMax = 2 ** 29 - 1;

/** A message as `@grpc/proto-loader` describes it. */
export interface MessageDescriptor {
  readonly field: readonly {
    readonly name: string;
    readonly number: number;
    readonly label: string;
    readonly type: string;
    readonly typeName: string;
  }[];
}

const wireTypesByName: Readonly<Record<string, WireType>> = {
  TYPE_DOUBLE: eightBytes,
  TYPE_FIXED64: eightBytes,
  TYPE_SFIXED64: eightBytes,
  TYPE_FLOAT: fourBytes,
  TYPE_FIXED32: fourBytes,
  TYPE_SFIXED32: fourBytes,
  TYPE_STRING: withLength,
  TYPE_BYTES: withLength,
  TYPE_MESSAGE: withLength,
};

/** `messageOf` finds what a field that is a message is. No message of ours holds one of its own kind, so this ends. */
export function shapeOf({ field }: MessageDescriptor, messageOf: (name: string) => MessageDescriptor): MessageShape {
  return new Map(
    field.map(({ name, number, label, type, typeName }) => {
      const wireType = wireTypesByName[type] ?? varint;
      return [
        number,
        {
          name,
          wireType,
          mayBePacked: label === 'LABEL_REPEATED' && wireType !== withLength,
          isText: type === 'TYPE_STRING',
          message: type === 'TYPE_MESSAGE' ? shapeOf(messageOf(typeName), messageOf) : undefined,
        },
      ];
    }),
  );
}

/** What is wrong first, in words; undefined where nothing is. Fields that the shape does not know are skipped, as they may be newer. */
export function faultIn(bytes: Uint8Array, shape: MessageShape): string | undefined {
  for (let at = 0; at < bytes.length;) {
    const tagEnd = varintEnd(bytes, at);
    if (tagEnd === undefined) return 'it ends within a tag';
    const tag = varintOf(bytes, at, tagEnd);
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (number < 1 || number > fieldNumberMax) return `a field has the number ${number}`;
    const field = shape.get(number);
    const name = field?.name ?? `field ${number}`;
    if (!wireTypeNames.has(wireType)) return `${name} is written as type ${wireType}, which there is not`;
    const value = valueAt(bytes, tagEnd, wireType);
    if (value === undefined) return `${name} does not end`;
    const fault = field && faultOfField(bytes.subarray(value.from, value.to), wireType, field);
    if (fault !== undefined) return `${name} ${fault}`;
    at = value.to;
  }
  return undefined;
}

function faultOfField(
  value: Uint8Array,
  wireType: number,
  { wireType: declared, mayBePacked, isText, message }: FieldShape,
): string | undefined {
  if (wireType !== declared) {
    if (!mayBePacked || wireType !== withLength)
      return `is written as ${wireTypeNames.get(wireType)}, not as ${wireTypeNames.get(declared)}`;
    return isFilledBy(value, declared) ? undefined : 'ends within a number';
  }
  if (isText) return isUtf8(value) ? undefined : 'is not UTF-8';
  const fault = message && faultIn(value, message);
  return fault === undefined ? undefined : `is no message: ${fault}`;
}

/** Whether a block of numbers ends where one of them does. */
function isFilledBy(block: Uint8Array, wireType: WireType): boolean {
  let at: number | undefined = 0;
  while (at !== undefined && at < block.length) at = valueAt(block, at, wireType)?.to;
  return at !== undefined;
}

/** Where a value lies, after its length where it has one; undefined where it does not end. */
function valueAt(bytes: Uint8Array, at: number, wireType: number): { readonly from: number; readonly to: number } | undefined {
  if (wireType === eightBytes || wireType === fourBytes) return within(bytes, at, wireType === eightBytes ? 8 : 4);
  const end = varintEnd(bytes, at);
  if (end === undefined) return undefined;
  return wireType === varint ? { from: at, to: end } : within(bytes, end, varintOf(bytes, at, end));
}

function within({ length }: Uint8Array, from: number, size: number): { readonly from: number; readonly to: number } | undefined {
  return from + size > length ? undefined : { from, to: from + size };
}

function varintEnd(bytes: Uint8Array, at: number): number | undefined {
  for (let end = at; end < bytes.length && end < at + varintBytesMax; end++) if (bytes[end] < 0x80) return end + 1;
  return undefined;
}

/** Exact to 2^53; what is larger is beyond every bound that it is compared with. */
function varintOf(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = to - 1; at >= from; at--) value = value * 0x80 + (bytes[at] & 0x7f);
  return value;
}
