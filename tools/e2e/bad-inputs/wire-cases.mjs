/** What is wrong below the bodies: HTTP itself, sockets and WebSocket frames. */
import { frame, sendFrames, sendMessages, sendRaw } from './doors.mjs';
import { goodTrade } from './json-cases.mjs';

const one = JSON.stringify(goodTrade);
const head = (...lines) =>
  `POST /v1/trades HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
const ingest =
  (pieces, options) =>
  ({ urls }) =>
    sendRaw(urls.tickIngest, pieces, options);

const httpCases = [
  [
    'a body shorter than its length, half-closed',
    ingest([head('content-length: 500'), one], { end: true }),
    /^(400 REQUEST_INVALID|closed)$/,
  ],
  ['a body shorter than its length, cut off', ingest([head('content-length: 500'), one], { destroy: true }), 'closed'],
  ['a body longer than its length', ingest([head('content-length: 2'), one]), /^400 /],
  ['a length of 10 GB', ingest([head('content-length: 10000000000'), one]), '413 BATCH_TOO_LARGE'],
  ['a length below 0', ingest([head('content-length: -1'), one]), '400 REQUEST_INVALID'],
  ['two lengths', ingest([head('content-length: 5', 'content-length: 6'), one]), '400 REQUEST_INVALID'],
  ['a length and chunks', ingest([head('content-length: 5', 'transfer-encoding: chunked'), '0\r\n\r\n']), '400 REQUEST_INVALID'],
  ['a chunk of no size', ingest([head('transfer-encoding: chunked'), 'zz\r\nhello\r\n']), '400 REQUEST_INVALID'],
  ['a chunk of 2^64', ingest([head('transfer-encoding: chunked'), 'fffffffffffffffff\r\n']), '400 REQUEST_INVALID'],
  ['an unknown transfer encoding', ingest([head('transfer-encoding: gzip'), one]), '400 REQUEST_INVALID'],
  ['a header of 100 KB', ingest([head(`x-long: ${'x'.repeat(100_000)}`)]), '431 HEADERS_TOO_LARGE'],
  ['5,000 headers', ingest([head(...Array.from({ length: 5_000 }, (_, at) => `x-${at}: 1`))]), '431 HEADERS_TOO_LARGE'],
  ['a header without a name', ingest([head(': x')]), '400 REQUEST_INVALID'],
  ['a header with a NUL', ingest([head('x: a\0b')]), '400 REQUEST_INVALID'],
  ['no HTTP', ingest(['hello\r\n\r\n']), '400 REQUEST_INVALID'],
  ['TLS on a plain port', ingest([Buffer.from('16030100050100000100', 'hex')]), '400 REQUEST_INVALID'],
  ['HTTP/2 on the port of HTTP/1', ingest(['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']), '400 REQUEST_INVALID'],
  ['HTTP/0.9', ingest(['GET /\r\n'], { end: true }), '400 REQUEST_INVALID'],
  ['HTTP/7.1', ingest(['GET / HTTP/7.1\r\n\r\n']), '400 REQUEST_INVALID'],
  ['no host', ingest(['GET /v1/ledger HTTP/1.1\r\n\r\n']), /^400 /],
  ['a path with a broken escape', ingest(['GET /v1/%zz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n']), '400 BODY_INVALID'],
  ['a path of dots', ingest(['GET /../../etc/passwd HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n']), '404 ROUTE_UNKNOWN'],
  ['an unknown path', ingest(['GET /v1/nothing HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n']), '404 ROUTE_UNKNOWN'],
  ['another method', ingest([`DELETE /v1/trades HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`]), '404 ROUTE_UNKNOWN'],
  ['an unknown method', ingest(['PUSH /v1/trades HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n']), '400 REQUEST_INVALID'],
  ['a header that never ends', ingest(['POST /v1/trades HTTP/1.1\r\nhost: 127.0.0.1\r\n']), '408 REQUEST_TOO_SLOW'],
  ['a body that never ends', ingest([head('content-length: 500'), '{']), '408 REQUEST_TOO_SLOW'],
];

const door = ({ urls }) => `${urls.tickIngest.replace('http', 'ws')}/v1/ingest`;
const messages = (list, options) => (world) => sendMessages(door(world), list, options);
const frames = (list) => (world) => sendFrames(door(world), list);

const upgrade = (...lines) =>
  ingest([
    `GET /v1/ingest HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`,
  ]);

const socketCases = [
  ['no JSON', messages(['{"id":1,']), 'error BODY_INVALID'],
  ['a list', messages([[1]]), 'error BODY_INVALID'],
  ['no id', messages([{ trades: [goodTrade] }]), 'error FIELD_INVALID'],
  ['an object as id', messages([{ id: {}, trades: [goodTrade] }]), 'error FIELD_INVALID'],
  ['nothing but an id', messages([{ id: 1 }]), 'error FIELD_INVALID'],
  ['trades and quotes at once', messages([{ id: 1, trades: [goodTrade], quotes: [] }]), 'error FIELD_INVALID'],
  ['a row without an id', messages([{ id: 1, trades: [{ ...goodTrade, trade_id: null }] }]), 'error TRADE_ID_REQUIRED'],
  ['a price below 0', messages([{ id: 1, trades: [{ ...goodTrade, price: -1 }] }]), 'rejected PRICE_INVALID'],
  ['a mark of 2200', messages([{ id: 1, marks: [{ symbol: 'SPY', timestamp: '2200-01-01' }] }]), 'error FIELD_INVALID'],
  ['slack of a day', messages([{ id: 1, trades: [goodTrade], slack_ms: 86_400_000 }]), 'error FIELD_INVALID'],
  ['a price twice', messages(['{"id":1,"trades":[{"price":1,"price":2}]}']), 'error BODY_INVALID'],
  ['a binary message', messages([Buffer.from('{"id":1}')]), 'error BODY_INVALID'],
  ['a message of 9 MiB', messages(['x'.repeat(9 * 1024 * 1024)]), 'closed 1009'],
  ['a page of elsewhere', messages([], { headers: { origin: 'https://example.com' } }), '403 ORIGIN_REFUSED'],
  ['a frame without a mask', frames([frame(1, '{}', { masked: false })]), 'closed 1002'],
  ['reserved bits', frames([frame(1, '{}', { reserved: 7 })]), 'closed 1002'],
  ['an unknown kind of frame', frames([frame(5, '{}')]), 'closed 1002'],
  ['a ping of 200 bytes', frames([frame(9, 'x'.repeat(200))]), 'closed 1002'],
  ['a continuation of nothing', frames([frame(0, 'x')]), 'closed 1002'],
  ['a message within a message', frames([frame(1, '{', { fin: false }), frame(1, '}')]), 'closed 1002'],
  ['text of broken UTF-8', frames([frame(1, Buffer.from([0xc3, 0x28]))]), 'closed 1007'],
  [
    'fragments without end',
    frames(Array.from({ length: 200 }, (_, at) => frame(at === 0 ? 1 : 0, 'x'.repeat(60_000), { fin: false }))),
    'closed 1009',
  ],
  ['a close of a wrong code', frames([frame(8, Buffer.from([0, 5]))]), 'closed 1002'],
  ['a frame that says 2^62 bytes', frames([Buffer.from('81ff400000000000000000000000', 'hex')]), /^closed 10(09|02)$/],
  ['an upgrade without a key', upgrade('sec-websocket-version: 13'), /^400 /],
  ['an upgrade to version 7', upgrade('sec-websocket-version: 7', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=='), /^(400|426) /],
].map(([name, ...rest]) => [`/v1/ingest: ${name}`, ...rest]);

export const wireCases = [...httpCases.map(([name, ...rest]) => [`HTTP: ${name}`, ...rest]), ...socketCases];
