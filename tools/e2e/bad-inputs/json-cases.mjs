/** What is wrong with rows and bodies of JSON and NDJSON: [what it is, how it is sent, what must come back]. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { send, sendLarge } from './doors.mjs';

const timestamp = '2013-10-07T16:00:00Z';
export const goodTrade = { timestamp, symbol: 'SPY', trade_id: 'x', price: 100, size: 1 };
export const goodQuote = { timestamp, symbol: 'SPY', quote_id: 'x', bid: 100, bid_size: 1 };

/** JSON.stringify leaves no way to write these. */
const literally = (field, literal) => JSON.stringify([goodTrade]).replace(new RegExp(`"${field}":[^,}]+`), `"${field}":${literal}`);

const trades = (body, options) => (world) => send(`${world.urls.tickIngest}/v1/trades`, { body, ...options });
const quotes = (body) => (world) => send(`${world.urls.tickIngest}/v1/quotes`, { body });

const rows = (fields, code) =>
  fields.map(([what, change]) => [`a trade with ${what}`, trades(JSON.stringify([{ ...goodTrade, ...change }])), `rejected ${code}`]);

const rowCases = [
  ...rows(
    [
      ['a price as text', { price: '100' }],
      ['a price of 0', { price: 0 }],
      ['a price below 0', { price: -1 }],
    ],
    'PRICE_INVALID',
  ),
  ...rows(
    [
      ['no price', { price: undefined }],
      ['a price of null', { price: null }],
      ['a price of true', { price: true }],
    ],
    'PRICE_INVALID',
  ),
  ...rows(
    [
      ['a list as price', { price: [100] }],
      ['an object as price', { price: { a: 1 } }],
    ],
    'PRICE_INVALID',
  ),
  ['a price beyond doubles', trades(literally('price', '1e999')), 'rejected PRICE_INVALID'],
  ['a price that underflows to 0', trades(literally('price', '1e-999')), 'rejected PRICE_INVALID'],
  ['NaN as a price', trades(literally('price', 'NaN')), '400 BODY_INVALID'],
  ['Infinity as a price', trades(literally('price', 'Infinity')), '400 BODY_INVALID'],
  ['a hexadecimal price', trades(literally('price', '0x10')), '400 BODY_INVALID'],
  ...rows(
    [
      ['a size below 0', { size: -5 }],
      ['a size of 0', { size: 0 }],
      ['a size as text', { size: '1' }],
    ],
    'SIZE_INVALID',
  ),
  ['a size beyond doubles', trades(literally('size', '1e400')), 'rejected SIZE_INVALID'],
  ...rows(
    [
      ['SQL as symbol', { symbol: "SPY'; DROP TABLE trades; --" }],
      ['a small symbol', { symbol: 'spy' }],
    ],
    'SYMBOL_INVALID',
  ),
  ...rows(
    [
      ['an empty symbol', { symbol: '' }],
      ['a symbol of 33', { symbol: 'S'.repeat(33) }],
      ['a number as symbol', { symbol: 7 }],
    ],
    'SYMBOL_INVALID',
  ),
  ...rows(
    [
      ['a symbol of umlauts', { symbol: 'SPÜ' }],
      ['a NUL in the symbol', { symbol: 'SP\0Y' }],
      ['a line end in the symbol', { symbol: 'SPY\n' }],
    ],
    'SYMBOL_INVALID',
  ),
  ...rows(
    [
      ['a path as symbol', { symbol: '../../etc/passwd' }],
      ['an emoji as symbol', { symbol: '📈' }],
      ['half a surrogate', { symbol: '\ud83d' }],
    ],
    'SYMBOL_INVALID',
  ),
  ...rows(
    [
      ['a path as market', { market: '../etc' }],
      ['a number as market', { market: 1 }],
      ['large letters in the market', { market: 'USA/Equity' }],
    ],
    'MARKET_INVALID',
  ),
  ...rows(
    [
      ['an exchange of 17', { exchange: 'E'.repeat(17) }],
      ['a quote in the exchange', { exchange: "P'" }],
      ['a number as exchange', { exchange: 5 }],
    ],
    'EXCHANGE_INVALID',
  ),
  ...rows(
    [
      ['a time of 1600', { timestamp: '1600-01-01T00:00:00Z' }],
      ['a time of 2600', { timestamp: '2600-01-01T00:00:00Z' }],
    ],
    'TIME_INVALID',
  ),
  ...rows(
    [
      ['a time in seconds', { timestamp: 1_381_161_600 }],
      ['a time in milliseconds', { timestamp: 1_381_161_600_000 }],
      ['a time in nanoseconds', { timestamp: 1_381_161_600_000_000_000 }],
    ],
    'TIME_INVALID',
  ),
  ...rows(
    [
      ['a broken microsecond', { timestamp: 1_381_161_600_000_000.5 }],
      ['a time below 0', { timestamp: -1 }],
      ['a word as time', { timestamp: 'yesterday' }],
    ],
    'TIME_INVALID',
  ),
  ...rows(
    [
      ['30 February', { timestamp: '2013-02-30T00:00:00Z' }],
      ['an hour of 25', { timestamp: '2013-10-07T25:00:00Z' }],
      ['true as time', { timestamp: true }],
      ['no time', { timestamp: undefined }],
    ],
    'TIME_INVALID',
  ),
  ...rows([['a time of next week', { timestamp: new Date(Date.now() + 7 * 86_400_000).toISOString() }]], 'TIME_IN_FUTURE'),
  ...rows(
    [
      ['an unknown side', { side: 'X' }],
      ['a number as side', { side: 1 }],
    ],
    'SIDE_INVALID',
  ),
  ...rows(
    [
      ['conditions of 65', { conditions: 'c'.repeat(65) }],
      ['umlauts in the conditions', { conditions: 'ä' }],
      ['a list as conditions', { conditions: ['@'] }],
    ],
    'CONDITIONS_INVALID',
  ),
  ...rows(
    [
      ['an empty id', { trade_id: '' }],
      ['an id of 65', { trade_id: 'x'.repeat(65) }],
      ['a space in the id', { trade_id: 'a b' }],
    ],
    'ID_INVALID',
  ),
  ...rows(
    [
      ['an object as id', { trade_id: {} }],
      ['a broken number as id', { trade_id: 1.5 }],
      ['an id that lost digits', { trade_id: 2 ** 53 + 2 }],
    ],
    'ID_INVALID',
  ),
  ...rows(
    [
      ['an unknown field', { colour: 'red' }],
      ['a field named constructor', { constructor: 1 }],
    ],
    'ROW_INVALID',
  ),
  ['a trade with __proto__', trades(literally('price', '1,"__proto__":{"price":5}')), 'rejected ROW_INVALID'],
  ...[7, 'row', null, [], true].map((row) => [`${JSON.stringify(row)} as a row`, trades(JSON.stringify([row])), 'rejected ROW_INVALID']),
  ['a row nested 50,000 deep', trades(`[${'['.repeat(50_000)}${']'.repeat(50_000)}]`), 'rejected ROW_INVALID'],
  ['a quote of no side', quotes(JSON.stringify([{ ...goodQuote, bid: null }])), 'rejected QUOTE_EMPTY'],
  ['a bid below 0', quotes(JSON.stringify([{ ...goodQuote, bid: -1 }])), 'rejected PRICE_INVALID'],
  ['an ask as text', quotes(JSON.stringify([{ ...goodQuote, ask: '1' }])), 'rejected PRICE_INVALID'],
  ['a bid size below 0', quotes(JSON.stringify([{ ...goodQuote, bid_size: -1 }])), 'rejected SIZE_INVALID'],
  ['a trade as a quote', quotes(JSON.stringify([{ ...goodTrade, quote_id: 'x' }])), 'rejected ROW_INVALID'],
];

const deepObjects = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
const one = JSON.stringify(goodTrade);
const withoutId = { ...goodTrade, trade_id: undefined };
const envelope = (fields) => JSON.stringify({ trades: [goodTrade], ...fields });

const bodyCases = [
  ...['', '[]', '7', 'null', '"text"', 'true', '{', '[{]', '{"symbol":', `${one}x`, `${one}${one}`, `\ufeff${one}`, "{'a':1}", '[1,]'].map(
    (body) => [`the body ${JSON.stringify(body.slice(0, 20))}`, trades(body), '400 BODY_INVALID'],
  ),
  ['UTF-16', trades(Buffer.from(one, 'utf16le')), '400 BODY_INVALID'],
  ['broken UTF-8', trades(Buffer.concat([Buffer.from('{"symbol":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])), '400 BODY_INVALID'],
  ['a price twice', trades(literally('price', '1,"price":2')), '400 BODY_INVALID'],
  ['trades twice', trades(`{"trades":[],"trades":[${one}]}`), '400 BODY_INVALID'],
  ['objects nested 50,000 deep', trades(deepObjects), '400 BODY_INVALID'],
  ['an unknown field of the envelope', trades(envelope({ sorce: 'x' })), '400 FIELD_INVALID'],
  ['__proto__ in the envelope', trades(`{"trades":[${one}],"__proto__":{"source":"x"}}`), '400 FIELD_INVALID'],
  ['quotes at the door of trades', trades(JSON.stringify({ quotes: [goodQuote] })), '400 FIELD_INVALID'],
  ['trades that are no list', trades(JSON.stringify({ trades: goodTrade })), '400 FIELD_INVALID'],
  ['a source of blanks', trades(envelope({ source: ' ' })), '400 FIELD_INVALID'],
  ['a number as source', trades(envelope({ source: 5 })), '400 FIELD_INVALID'],
  ['a number as market of all', trades(envelope({ market: 5 })), '400 FIELD_INVALID'],
  ...[-1, 1.5, '1', 2 ** 60].map((offset) => [
    `the offset ${JSON.stringify(offset)}`,
    trades(envelope({ source: 's', offset })),
    '400 FIELD_INVALID',
  ]),
  ['a row without an id', trades(JSON.stringify([withoutId])), '400 TRADE_ID_REQUIRED'],
  ['200,001 rows', trades(`[${'7,'.repeat(200_000)}7]`), '413 BATCH_TOO_LARGE'],
  [
    'a body of 33 MiB',
    (world) => sendLarge(`${world.urls.tickIngest}/v1/trades`, Buffer.alloc(33 * 1024 * 1024, 0x20)),
    '413 BATCH_TOO_LARGE',
  ],
];

const bomb = Buffer.alloc(256 * 1024 * 1024, 0x20);
const packed = (encoding, body, type = 'application/json') => trades(body, { type, headers: { 'content-encoding': encoding } });

const packingCases = [
  ['no gzip as gzip', packed('gzip', one), '400 BODY_INVALID'],
  ['no zstd as zstd', packed('zstd', one), '400 BODY_INVALID'],
  ['gzip that ends early', packed('gzip', gzipSync(one).subarray(0, -9)), '400 BODY_INVALID'],
  ['gzip with a wrong checksum', packed('gzip', Buffer.concat([gzipSync(one).subarray(0, -8), Buffer.alloc(8)])), '400 BODY_INVALID'],
  ['a bomb of gzip', (world) => packed('gzip', gzipSync(bomb))(world), '413 BATCH_TOO_LARGE'],
  ['a bomb of zstd', (world) => packed('zstd', zstdCompressSync(bomb))(world), '413 BATCH_TOO_LARGE'],
  [
    'a bomb of lines',
    (world) => packed('gzip', gzipSync(Buffer.alloc(bomb.length, 0x0a)), 'application/x-ndjson')(world),
    '413 BATCH_TOO_LARGE',
  ],
  [
    'a bomb of Arrow',
    (world) => packed('zstd', zstdCompressSync(bomb), 'application/vnd.apache.arrow.stream')(world),
    '413 BATCH_TOO_LARGE',
  ],
  ...['br', 'deflate', 'gzip, gzip', 'x'].map((encoding) => [`the encoding ${encoding}`, packed(encoding, one), '415 MEDIA_TYPE_UNKNOWN']),
  ...['text/csv', 'text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', 'application/octet-stream'].map(
    (type) => [`the type ${type}`, trades(one, { type }), '415 MEDIA_TYPE_UNKNOWN'],
  ),
  ['no type', trades(Buffer.from(one), { type: null }), '415 MEDIA_TYPE_UNKNOWN'],
];

const ndjson =
  (body, query = '') =>
  (world) =>
    send(`${world.urls.tickIngest}/v1/trades${query}`, { body, type: 'application/x-ndjson' });

const lineCases = [
  ['a line that is no JSON', ndjson(`${one}\n{`), '400 BODY_INVALID'],
  ['no line', ndjson('\n \n'), '400 BODY_INVALID'],
  ['a line of 2 MiB', ndjson(`"${'x'.repeat(2 * 1024 * 1024)}"`), '400 BODY_INVALID'],
  ['a line of broken UTF-8', ndjson(Buffer.from([0x22, 0xff, 0x22])), '400 BODY_INVALID'],
  ['a line with a field twice', ndjson('{"price":1,"price":2}'), '400 BODY_INVALID'],
  ['a line without an id', ndjson(JSON.stringify(withoutId)), '400 TRADE_ID_REQUIRED'],
  ['a list as a line', ndjson('[1]'), 'rejected ROW_INVALID'],
  ['an array as lines', ndjson(JSON.stringify([goodTrade], undefined, 1)), '400 BODY_INVALID'],
  ['200,001 lines', ndjson('7\n'.repeat(200_001)), '413 BATCH_TOO_LARGE'],
  [
    '33 MiB of lines',
    (world) => sendLarge(`${world.urls.tickIngest}/v1/trades`, Buffer.alloc(33 * 1024 * 1024, 0x0a), { type: 'application/x-ndjson' }),
    '413 BATCH_TOO_LARGE',
  ],
  ['a broken offset in the query', ndjson(one, '?source=s&offset=1.5'), '400 FIELD_INVALID'],
  ['a source twice in the query', ndjson(one, '?source=a&source=b'), '400 FIELD_INVALID'],
  ['an unknown field in the query', ndjson(one, '?sorce=a'), '400 FIELD_INVALID'],
];

export const jsonCases = [...rowCases, ...bodyCases, ...packingCases, ...lineCases];
