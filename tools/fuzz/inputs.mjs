/**
 * Inputs that nobody wrote down: bodies from arbitraries that are nearly right, and sound bytes with some changed. Each is a
 * value that says where it goes and what it is, so that a failed one can be printed and sent again.
 */
import fc from 'fast-check';
import { Float64, Int64, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';

const timestamp = '2013-10-07T16:00:00Z';
/** No value of it is worth keeping, so nothing that is made of it may be stored: whatever a mutation does, the price stays bad. */
const worthless = { timestamp, symbol: 'SPY', trade_id: 'fuzz', price: -1, size: -1 };

const strange = fc.oneof(
  fc.constantFrom(
    null,
    true,
    '',
    'NaN',
    '1e999',
    "'; DROP TABLE trades; --",
    '\u0000',
    '📈',
    -0,
    1e308,
    -1,
    2 ** 53,
    5e-324,
    '1600-01-01T00:00:00Z',
    '2600-01-01',
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.double(),
  fc.integer(),
  fc.jsonValue({ maxDepth: 4 }),
);

const fields = [
  'timestamp',
  'symbol',
  'trade_id',
  'quote_id',
  'market',
  'exchange',
  'side',
  'conditions',
  '__proto__',
  'constructor',
  'toString',
];

/** A trade with some fields strange; price and size among them only as what can be no price. */
const row = fc
  .tuple(fc.dictionary(fc.constantFrom(...fields), strange, { maxKeys: 4 }), fc.constantFrom(-1, 0, null, '1', true, [], 'x'))
  .map(([changes, price]) => ({ ...worthless, ...changes, price, size: price }));

const envelope = fc.record(
  { source: strange, market: strange, offset: strange, trades: fc.oneof(fc.array(row, { maxLength: 20 }), strange), colour: strange },
  { requiredKeys: [] },
);

const jsonBody = fc
  .oneof(fc.array(fc.oneof(row, strange), { maxLength: 30 }), envelope, row, strange)
  .map((value) => JSON.stringify(value) ?? '');

/** Some bytes changed, cut, doubled or put in. */
function mutated(samples) {
  const edit = fc.record({
    kind: fc.constantFrom('set', 'set', 'set', 'set', 'number', 'number', 'cut', 'insert', 'repeat'),
    at: fc.nat(),
    byte: fc.integer({ min: 0, max: 255 }),
    number: fc.constantFrom(-1, 0, 1, 0x7fffffff, -0x80000000, 0x10000, 0x7fff),
  });
  return fc
    .tuple(fc.constantFrom(...samples), fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([sample, edits]) => edits.reduce(edited, Buffer.from(sample)));
}

function edited(bytes, { kind, at, byte, number }) {
  if (bytes.length === 0) return bytes;
  const place = at % bytes.length;
  if (kind === 'cut') return bytes.subarray(0, place);
  if (kind === 'insert') return Buffer.concat([bytes.subarray(0, place), Buffer.alloc((byte % 16) + 1, byte), bytes.subarray(place)]);
  if (kind === 'repeat') return Buffer.concat([bytes, bytes.subarray(place)]);
  const copy = Buffer.from(bytes);
  if (kind === 'number' && place + 4 <= copy.length) copy.writeInt32LE(number, place - (place % 4));
  else copy[place] = byte;
  return copy;
}

const columns = {
  timestamp: vectorFromArray([5n, 6n], new Int64()),
  symbol: vectorFromArray(['bad', 'worse'], new Utf8()),
  trade_id: vectorFromArray(['1', '2'], new Utf8()),
  price: vectorFromArray([-1, -1], new Float64()),
  size: vectorFromArray([-1, -1], new Float64()),
};
const stream = Buffer.from(tableToIPC(new Table(columns), 'stream'));
const withWords = Buffer.from(tableToIPC(new Table({ ...columns, symbol: vectorFromArray(['bad', 'worse']) }), 'stream'));
const file = Buffer.from(tableToIPC(new Table(columns), 'file'));

/** `PushRequest` as protobuf writes it: tag, source, market, trades. */
const pushRequest = Buffer.concat([
  Buffer.from([8, 1]),
  ...[
    [18, 'fuzz'],
    [26, 'usa/equity'],
  ].map(([tag, text]) => Buffer.from([tag, text.length, ...Buffer.from(text)])),
  Buffer.from([34, (stream.length & 0x7f) | 0x80, stream.length >> 7]),
  stream,
]);
const framed = Buffer.concat([Buffer.from([0, 0, 0, pushRequest.length >> 8, pushRequest.length & 255]), pushRequest]);

/** `TradeSignal` likewise, with a confidence that is none: a mutation that leaves it publishes nothing. */
const tradeSignal = Buffer.concat([
  Buffer.from([10, 3, ...Buffer.from('SPY'), 18, 3, ...Buffer.from('BUY'), 25]),
  Buffer.from(new Float64Array([-1]).buffer),
  Buffer.from([42, 4, ...Buffer.from('fuzz')]),
]);
const framedSignal = Buffer.concat([Buffer.from([0, 0, 0, 0, tradeSignal.length]), tradeSignal]);

const utf8 = (text) => Buffer.from(text, 'utf8');
const path = fc.constantFrom('/v1/trades', '/v1/quotes');
const readers = fc.constantFrom('/v1/trades', '/v1/quotes', '/v1/bars', '/v1/states', '/v1/symbols');
const parameters = fc.dictionary(
  fc.constantFrom('symbol', 'market', 'from', 'to', 'limit', 'cursor', 'format', 'interval', 'x'),
  fc.oneof(fc.constantFrom('SPY', '2013-10-07', '5', '1d'), fc.string({ unit: 'binary', maxLength: 40 })),
);
const query = parameters.map((values) =>
  new URLSearchParams(Object.entries(values).map(([name, text]) => [name, text.toWellFormed()])).toString(),
);
const similarBody = fc.dictionary(
  fc.constantFrom(
    'symbol',
    'time',
    'text',
    'vector',
    'k',
    'filter',
    'asOf',
    'search',
    'state',
    'signature',
    'path',
    'space',
    'minGap',
    'excludeWindow',
    'horizons',
    'x',
  ),
  strange,
  { maxKeys: 4 },
);
const command = fc.oneof(
  fc.record(
    {
      action: fc.constantFrom('subscribe', 'unsubscribe', 'x'),
      symbols: fc.oneof(fc.array(strange, { maxLength: 5 }), strange),
      events: strange,
    },
    { requiredKeys: [] },
  ),
  strange,
);

export const input = fc.oneof(
  fc.record({ kind: fc.constant('json'), path, bytes: jsonBody.map(utf8) }),
  fc.record({
    kind: fc.constant('json'),
    path,
    bytes: mutated([utf8(JSON.stringify({ source: 'fuzz', trades: [worthless, worthless] }).replaceAll('-1', 'null'))]),
  }),
  fc.record({
    kind: fc.constant('ndjson'),
    path,
    bytes: fc
      .array(
        fc.oneof(
          row.map((value) => JSON.stringify(value)),
          fc.string({ maxLength: 30 }),
        ),
        { maxLength: 20 },
      )
      .map((lines) => utf8(lines.join('\n'))),
  }),
  fc.record({ kind: fc.constant('arrow'), path, bytes: mutated([stream, withWords]) }),
  fc.record({ kind: fc.constant('arrow-file'), path, bytes: mutated([file]) }),
  fc.record({ kind: fc.constant('grpc'), bytes: mutated([framed]) }),
  fc.record({ kind: fc.constant('grpc-signal'), bytes: mutated([framedSignal]) }),
  fc.record({ kind: fc.constant('grpc-arrow'), bytes: mutated([stream, withWords, file]) }),
  fc.record({
    kind: fc.constant('http'),
    bytes: mutated([
      utf8(`POST /v1/trades HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\r\n[{}]`),
    ]),
  }),
  fc.record({
    kind: fc.constant('ingest'),
    text: fc.oneof(
      envelope.map((value) => JSON.stringify({ id: 1, ...value })),
      jsonBody,
    ),
  }),
  fc.record({ kind: fc.constant('read'), path: readers, query }),
  fc.record({ kind: fc.constant('similar'), bytes: similarBody.map((value) => utf8(JSON.stringify(value))) }),
  fc.record({ kind: fc.constant('stream'), text: command.map((value) => JSON.stringify(value) ?? '') }),
  fc.record({
    kind: fc.constant('signal'),
    bytes: fc
      .dictionary(fc.constantFrom('symbol', 'side', 'confidence', 'timestamp', 'agent_id', 'x'), strange)
      .map((value) => utf8(JSON.stringify(value))),
  }),
);
