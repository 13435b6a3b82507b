/** What is wrong with Arrow: tables of wrong content, and bytes that are damaged. */
import { Dictionary, Float64, Int8, Int32, Int64, Null, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { send } from './doors.mjs';

const noonUs = 1_381_161_600_000_000n;
const column = (values, type) => vectorFromArray(values, type);

/** One sound trade, of which the cases change what they are about. */
export function goodColumns() {
  return {
    timestamp: column([noonUs], new Int64()),
    symbol: column(['SPY'], new Utf8()),
    trade_id: column(['x'], new Utf8()),
    price: column([100], new Float64()),
    size: column([1], new Float64()),
  };
}

export function arrowOf(columns, format = 'stream') {
  return Buffer.from(tableToIPC(new Table(columns), format));
}

const post =
  (bytes, format = 'stream') =>
  (world) =>
    send(`${world.urls.tickIngest}/v1/trades`, { body: bytes, type: `application/vnd.apache.arrow.${format}` });
const table = (change) => post(arrowOf({ ...goodColumns(), ...change }));

function without(name) {
  return post(arrowOf(Object.fromEntries(Object.entries(goodColumns()).filter(([other]) => other !== name))));
}

const tableCases = [
  ...['timestamp', 'symbol', 'price', 'size'].map((name) => [`a table without ${name}`, without(name), '400 FIELD_INVALID']),
  ['a table without ids', without('trade_id'), '400 TRADE_ID_REQUIRED'],
  ['a null id', table({ trade_id: column([null], new Utf8()) }), '400 TRADE_ID_REQUIRED'],
  ['prices as text', table({ price: column(['100'], new Utf8()) }), '400 FIELD_INVALID'],
  ['times as doubles', table({ timestamp: column([1.5], new Float64()) }), '400 FIELD_INVALID'],
  ['symbols as numbers', table({ symbol: column([7], new Int32()) }), '400 FIELD_INVALID'],
  ['positions that fall', table({ position: column([-1], new Int32()) }), '400 FIELD_INVALID'],
  [
    'a table of no rows',
    post(arrowOf(Object.fromEntries(Object.entries(goodColumns()).map(([name, { type }]) => [name, column([], type)])))),
    '400 BODY_INVALID',
  ],
  ...[NaN, Infinity, -Infinity, -0, -1].map((price) => [
    `the price ${price}`,
    table({ price: column([price], new Float64()) }),
    'rejected PRICE_INVALID',
  ]),
  ['a null price', table({ price: column([null], new Null()) }), 'rejected PRICE_INVALID'],
  ['a null time', table({ timestamp: column([null], new Int64()) }), 'rejected TIME_INVALID'],
  ['a time in seconds', table({ timestamp: column([noonUs / 1_000_000n], new Int64()) }), 'rejected TIME_INVALID'],
  ['the largest time', table({ timestamp: column([2n ** 63n - 1n], new Int64()) }), 'rejected TIME_INVALID'],
  ['the smallest time', table({ timestamp: column([-(2n ** 63n)], new Int64()) }), 'rejected TIME_INVALID'],
  [
    'SQL as a symbol',
    table({ symbol: column(["'; DROP TABLE trades"], new Dictionary(new Utf8(), new Int8())) }),
    'rejected SYMBOL_INVALID',
  ],
  ['the side X', table({ side: column(['X'], new Utf8()) }), 'rejected SIDE_INVALID'],
];

/** Whatever column another one's bytes are taken for, no trade comes of it. */
const worthless = {
  timestamp: column([5n], new Int64()),
  symbol: column(['bad'], new Utf8()),
  trade_id: column(['x'], new Utf8()),
  price: column([-1], new Float64()),
  size: column([-1], new Float64()),
};
const stream = arrowOf(worthless);
const file = arrowOf(worthless, 'file');

function changed(bytes, change) {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
}

/** Where the metadata of the n-th message of a stream begin, and how long they are. */
function metadataOf(bytes, n) {
  for (let at = 0, message = 0; ; message++) {
    const length = bytes.readInt32LE(at + 4);
    if (message === n) return { start: at + 8, length };
    const root = at + 8 + bytes.readInt32LE(at + 8);
    const vtable = root - bytes.readInt32LE(root);
    const bodyAt = bytes.readInt16LE(vtable) > 10 ? bytes.readInt16LE(vtable + 10) : 0;
    at += 8 + length + (bodyAt === 0 ? 0 : Number(bytes.readBigInt64LE(root + bodyAt)));
  }
}

const batch = metadataOf(stream, 1);

/** Every number of 64 bits in the metadata of the record batch in turn, made as large as it can be. */
function swollen(value) {
  return async (world) => {
    const outcomes = new Set();
    for (let at = batch.start; at + 8 <= batch.start + batch.length; at += 4) {
      outcomes.add(await post(changed(stream, (bytes) => bytes.writeBigInt64LE(value, at)))(world));
    }
    return [...outcomes].filter((outcome) => !/^(400 (BODY|FIELD)_INVALID|413 BATCH_TOO_LARGE|rejected \w+)$/.test(outcome)).join(' | ');
  };
}

const byteCases = [
  ['no bytes', post(Buffer.alloc(0)), '400 BODY_INVALID'],
  ['zeros', post(Buffer.alloc(4_096)), '400 BODY_INVALID'],
  ['ones', post(Buffer.alloc(4_096, 0xff)), '400 BODY_INVALID'],
  ['JSON as Arrow', post('[{"symbol":"SPY"}]'), '400 BODY_INVALID'],
  ['a schema alone', post(stream.subarray(0, batch.start - 8)), '400 BODY_INVALID'],
  ['a stream cut in its schema', post(stream.subarray(0, 50)), '400 BODY_INVALID'],
  ['a stream cut in its rows', post(stream.subarray(0, batch.start + batch.length + 8)), '400 BODY_INVALID'],
  ['a stream without a schema', post(stream.subarray(batch.start - 8)), '400 BODY_INVALID'],
  ['two schemas', post(Buffer.concat([stream.subarray(0, batch.start - 8), stream])), '400 BODY_INVALID'],
  ['metadata of 2 GB', post(changed(stream, (bytes) => bytes.writeInt32LE(0x7ffffff0, 4))), '400 BODY_INVALID'],
  ['metadata of less than nothing', post(changed(stream, (bytes) => bytes.writeInt32LE(-8, 4))), '400 BODY_INVALID'],
  ['a root outside of its message', post(changed(stream, (bytes) => bytes.writeInt32LE(0x7fffff00, 8))), '400 BODY_INVALID'],
  ['a root before its message', post(changed(stream, (bytes) => bytes.writeInt32LE(-4, 8))), '400 BODY_INVALID'],
  ['an endless table of offsets', post(changed(stream, (bytes) => bytes.fill(0x7f, 16, 40))), '400 BODY_INVALID'],
  ['lengths of 2^40 in every place', swollen(2n ** 40n), ''],
  ['lengths of 2^63 - 1 in every place', swollen(2n ** 63n - 1n), ''],
  ['lengths of -1 in every place', swollen(-1n), ''],
  ['2^28 in every place', swollen(2n ** 28n), ''],
  ['a file cut short', post(file.subarray(0, -20), 'file'), '400 BODY_INVALID'],
  [
    'a file with a footer of 2 GB',
    post(
      changed(file, (bytes) => bytes.writeInt32LE(0x7ffffff0, bytes.length - 10)),
      'file',
    ),
    '400 BODY_INVALID',
  ],
  [
    'a file with a footer of 0',
    post(
      changed(file, (bytes) => bytes.writeInt32LE(0, bytes.length - 10)),
      'file',
    ),
    '400 BODY_INVALID',
  ],
  ['a file that is only its magic', post('ARROW1\0\0ARROW1', 'file'), '400 BODY_INVALID'],
];

export const arrowCases = [...tableCases, ...byteCases].map(([name, ...rest]) => [`Arrow: ${name}`, ...rest]);
