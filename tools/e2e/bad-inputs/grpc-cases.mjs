/** What is wrong with calls of gRPC: bytes, messages, and their content. */
import { arrowOf, goodColumns } from './arrow-cases.mjs';
import { grpcFrame, sendGrpc } from './doors.mjs';
import { refusedStream, refusedUnary, withCaller } from './grpc-calls.mjs';

const push = '/hindcast.v1.TickIngest/Push';
const report = '/hindcast.v1.TickIngest/ReportCheckpoint';
const bytes = (list, options) => (world) => sendGrpc(world.grpc.tickIngest, push, Buffer.concat(list), options);

const wireCases = [
  ['noise as a message', bytes([grpcFrame(Buffer.from('not a message at all'))]), 'grpc 3 BODY_INVALID'],
  ['a message of 2 GB', bytes([grpcFrame(Buffer.from('x'), { length: 0x7fffffff })]), /^grpc 8/],
  ['a message that ends early', bytes([grpcFrame(Buffer.from('x'), { length: 500 })]), /^(grpc \d+|closed)/],
  ['half a header', bytes([Buffer.from([0, 0])]), /^(grpc \d+|closed)/],
  ['a packed message without a packing', bytes([grpcFrame(Buffer.from('x'), { compressed: 1 })]), 'grpc 3 BODY_INVALID'],
  ['a flag of 255', bytes([grpcFrame(Buffer.from('x'), { compressed: 255 })]), 'grpc 3 BODY_INVALID'],
  ['an unknown packing', bytes([grpcFrame(Buffer.from('x'), { compressed: 1 })], { headers: { 'grpc-encoding': 'br' } }), /^grpc 12/],
  [
    'a bomb of gzip',
    (world) => sendGrpc(world.grpc.tickIngest, push, grpcFrame(world.bomb, { compressed: 1 }), { headers: { 'grpc-encoding': 'gzip' } }),
    /^grpc 8/,
  ],
  ['a wrong content type', bytes([grpcFrame(Buffer.alloc(0))], { type: 'application/json' }), '415'],
  ['an unknown method', (world) => sendGrpc(world.grpc.tickIngest, '/hindcast.v1.TickIngest/Pull', grpcFrame(Buffer.alloc(0))), /^grpc 12/],
  ['an unknown service', (world) => sendGrpc(world.grpc.tickIngest, '/x.Y/Z', grpcFrame(Buffer.alloc(0))), /^grpc 12/],
  ['a deadline of nonsense', bytes([], { headers: { 'grpc-timeout': 'soon' } }), /^grpc \d+/],
  [
    'two messages in a call of one',
    (world) => sendGrpc(world.grpc.tickIngest, report, Buffer.concat([grpcFrame(Buffer.alloc(0)), grpcFrame(Buffer.alloc(0))])),
    /^grpc \d+/,
  ],
  ['no message in a call of one', (world) => sendGrpc(world.grpc.tickIngest, report, Buffer.alloc(0)), /^grpc \d+/],
];

const tickIngest = { proto: 'tick_ingest.proto', service: 'hindcast.v1.TickIngest', at: 'tickIngest' };
const marketData = { proto: 'market_data.proto', service: 'hindcast.v1.MarketData', at: 'marketData' };
const marketPhysics = { proto: 'market_physics.proto', service: 'hindcast.v1.MarketPhysics', at: 'marketPhysics' };

/** The code of the answer to one pushed batch, or what became of its row. */
const pushed = (request) => (world) =>
  withCaller(world, tickIngest, async (caller) => {
    const call = caller.stream('Push');
    call.write({ tag: 1, source: 'bad', market: 'usa/equity', ...request });
    call.end();
    for await (const { errorCode, rejected, accepted, rejectedRows } of call) {
      if (errorCode !== '') return `refused ${errorCode}`;
      if (rejected > 0 && accepted === 0) return `rejected ${rejectedRows[0].code}`;
      return `accepted ${accepted}`;
    }
    return 'nothing';
  });

const health = { proto: 'health.proto', service: 'grpc.health.v1.Health', at: 'marketData' };

const trades = arrowOf(goodColumns());
const mark = (change) => ({ marks: [{ market: 'usa/equity', symbol: 'SPY', timeUs: 1, ...change }] });

const contentCases = [
  ['no source', pushed({ source: '', trades }), 'refused FIELD_INVALID'],
  ['SQL as source', pushed({ source: "'; DROP TABLE", trades }), 'refused FIELD_INVALID'],
  ['an empty market', pushed({ market: '', trades }), 'rejected MARKET_INVALID'],
  ['no Arrow', pushed({ trades: Buffer.from('no Arrow') }), 'refused BODY_INVALID'],
  ['Arrow cut short', pushed({ trades: trades.subarray(0, 300) }), 'refused BODY_INVALID'],
  ['slack of an hour', pushed({ trades, slackMs: 3_600_000 }), 'refused FIELD_INVALID'],
  ['a mark of the future', pushed(mark({ timeUs: 2 ** 52 })), 'refused FIELD_INVALID'],
  ['a mark before 1970', pushed(mark({ timeUs: -1 })), 'refused FIELD_INVALID'],
  ['a mark of a wrong symbol', pushed(mark({ symbol: 'spy' })), 'refused FIELD_INVALID'],
  ['a mark of a wrong market', pushed(mark({ market: '' })), 'refused FIELD_INVALID'],
  ['a rejected row of an unknown code', pushed({ rejected: [{ index: 0, code: 'X', table: 'trades' }] }), 'refused FIELD_INVALID'],
  [
    'a rejected row of an unknown table',
    pushed({ rejected: [{ index: 0, code: 'ROW_INVALID', table: 'users' }] }),
    'refused FIELD_INVALID',
  ],
  [
    'a rejected row at 2^32 - 1',
    pushed({ rejected: [{ index: 2 ** 32 - 1, code: 'ROW_INVALID', table: 'trades' }] }),
    'refused BATCH_TOO_LARGE',
  ],
  ['following another stream', refusedStream(tickIngest, 'Follow', { streamId: 'x' }), 'grpc STREAM_UNKNOWN'],
  ['following from far ahead', refusedStream(tickIngest, 'Follow', { fromNumber: 2 ** 50 }), 'grpc FIELD_INVALID'],
  ['following under a wrong name', refusedStream(tickIngest, 'Follow', { follower: 'A B' }), 'grpc FIELD_INVALID'],
  ['following a wrong symbol', refusedStream(tickIngest, 'Follow', { tables: true, symbols: ["' OR 1=1"] }), 'grpc FIELD_INVALID'],
  ['a checkpoint far ahead', refusedUnary(tickIngest, 'ReportCheckpoint', { follower: 'x', number: 2 ** 50 }), 'grpc FIELD_INVALID'],
  ['a checkpoint of nobody', refusedUnary(tickIngest, 'ReportCheckpoint', { number: 0 }), 'grpc FIELD_INVALID'],
  ['trades of no symbol', refusedStream(marketData, 'Trades', {}), 'grpc FIELD_INVALID'],
  ['trades of SQL', refusedStream(marketData, 'Trades', { symbol: "SPY'; DROP TABLE trades; --" }), 'grpc FIELD_INVALID'],
  ['trades of an unknown symbol', refusedStream(marketData, 'Trades', { symbol: 'NOBODY' }), 'grpc SYMBOL_UNKNOWN'],
  ['bars of five minutes', refusedStream(marketData, 'Bars', { symbol: 'SPY', interval: '5m' }), 'grpc FIELD_INVALID'],
  ['a limit of 2^50', refusedStream(marketData, 'Trades', { symbol: 'SPY', limit: 2 ** 50 }), 'grpc FIELD_INVALID'],
  ['a cursor of nonsense', refusedStream(marketData, 'Trades', { symbol: 'SPY', cursor: 'x' }), 'grpc FIELD_INVALID'],
  ['a state of a wrong symbol', refusedUnary(marketPhysics, 'FindState', { symbol: 'spy' }), 'grpc FIELD_INVALID'],
  ['similar to nothing', refusedUnary(marketPhysics, 'FindSimilar', {}), 'grpc FIELD_INVALID'],
  ['similar to three numbers', refusedUnary(marketPhysics, 'FindSimilar', { vector: [1, 2, 3] }), 'grpc FIELD_INVALID'],
  ['the health of nobody', refusedUnary(health, 'Check', { service: 'nobody' }), 'grpc SERVICE_UNKNOWN'],
  ['the health of a constructor', refusedUnary(health, 'Check', { service: 'constructor' }), 'grpc SERVICE_UNKNOWN'],
  ['similar to NaN', refusedUnary(marketPhysics, 'FindSimilar', { vector: new Array(384).fill(NaN) }), 'grpc FIELD_INVALID'],
];

export const grpcCases = [...wireCases, ...contentCases].map(([name, ...rest]) => [`gRPC: ${name}`, ...rest]);
