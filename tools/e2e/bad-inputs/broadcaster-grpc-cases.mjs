/** What is wrong with calls of state-broadcaster by gRPC: bytes that are no message of their type, and values that are none. */
import { grpcFrame, sendGrpc } from './doors.mjs';
import { refusedStream, refusedUnary } from './grpc-calls.mjs';

const door = { proto: 'state_broadcaster.proto', service: 'hindcast.v1.StateBroadcaster', at: 'stateBroadcaster' };
/** Nothing that is refused is kept, so at the end nobody knows this agent. */
const agentId = 'bad-by-grpc';
/** What one message may hold, and a character more. */
const tooLong = 'x'.repeat(256 * 1024 + 1);

const bytesTo = (method, bytes, options) => (world) => sendGrpc(world.grpc.stateBroadcaster, `/${door.service}/${method}`, bytes, options);
const messageTo = (method, ...pieces) => bytesTo(method, grpcFrame(Buffer.concat(pieces)));

/** How protobuf writes a value: as a varint, as eight bytes, as bytes with their length before them. */
const types = { varint: 0, eightBytes: 1, bytes: 2, group: 3 };
const tag = (number, type) => Buffer.from([(number << 3) | type]);
const text = (number, value) => Buffer.concat([tag(number, types.bytes), Buffer.from([value.length]), Buffer.from(value)]);

/** Fields of `TradeSignal`: symbol 1, side 2, confidence 3, timestamp_us 4. Without a fault it would be published. */
const half = Buffer.from(new Float64Array([0.5]).buffer);
const goodSignal = Buffer.concat([text(1, 'SPY'), text(2, 'BUY'), tag(3, types.eightBytes), half]);
const signalWith = (...pieces) => messageTo('PublishSignal', goodSignal, ...pieces);
const stateWith = (...pieces) => messageTo('PutAgentState', text(1, agentId), ...pieces);
const unreadable = 'grpc 3 BODY_INVALID';

const frameCases = [
  ['noise', messageTo('PublishSignal', Buffer.from('not a message at all')), unreadable],
  ['a length beyond the end', signalWith(tag(5, types.bytes), Buffer.from([100]), Buffer.from('agent')), unreadable],
  ['a number without its end', signalWith(tag(4, types.varint), Buffer.alloc(3, 0xff)), unreadable],
  ['a number of eleven bytes', signalWith(tag(4, types.varint), Buffer.alloc(11, 0xff)), unreadable],
  ['half a confidence', signalWith(tag(3, types.eightBytes), Buffer.alloc(4)), unreadable],
  ['a confidence as text', signalWith(text(3, '0.5')), unreadable],
  ['a confidence as a whole number', signalWith(tag(3, types.varint), Buffer.from([1])), unreadable],
  ['a time as a fraction', signalWith(tag(4, types.eightBytes), half), unreadable],
  ['a symbol as a number', signalWith(tag(1, types.varint), Buffer.from([7])), unreadable],
  ['a symbol of broken UTF-8', signalWith(tag(1, types.bytes), Buffer.from([2, 0xc3, 0x28])), unreadable],
  ['a field of a type that there is not', signalWith(tag(15, 7)), unreadable],
  ['a field with the number 0', signalWith(Buffer.from([0, 0])), unreadable],
  ['a group', signalWith(tag(15, types.group)), unreadable],
  ['a state that is text', stateWith(text(2, 'bull')), unreadable],
  ['a state cut short', stateWith(tag(2, types.bytes), Buffer.from([50, 10])), unreadable],
  ['a state whose context is cut short', stateWith(text(2, Buffer.from([10, 50, 0x78]))), unreadable],
  ['a state whose context is broken UTF-8', stateWith(text(2, Buffer.from([10, 2, 0xc3, 0x28]))), unreadable],
  ['noise as a subscription', messageTo('Subscribe', Buffer.from([0xff, 0xff, 0xff])), unreadable],
  ['a subscription to numbers', messageTo('Subscribe', tag(1, types.varint), Buffer.from([7])), unreadable],
];

const wireCases = [
  ['a message beyond its bound', bytesTo('PutAgentState', grpcFrame(Buffer.from(tooLong))), /^grpc 8/],
  ['a message of 2 GB', bytesTo('PublishSignal', grpcFrame(goodSignal, { length: 0x7fffffff })), /^grpc 8/],
  ['a message that ends early', bytesTo('PublishSignal', grpcFrame(goodSignal, { length: 500 })), /^(grpc \d+|closed)/],
  ['half a header', bytesTo('Subscribe', Buffer.from([0, 0])), /^(grpc \d+|closed)/],
  ['no message', bytesTo('PublishSignal', Buffer.alloc(0)), /^grpc 1[23]/],
  ['two messages', bytesTo('RemoveAgentState', Buffer.concat([grpcFrame(text(1, 'a')), grpcFrame(text(1, 'b'))])), /^grpc (5|12)/],
  ['a packed message without a packing', bytesTo('Subscribe', grpcFrame(Buffer.from('x'), { compressed: 1 })), unreadable],
  [
    'an unknown packing',
    bytesTo('Subscribe', grpcFrame(Buffer.from('x'), { compressed: 1 }), { headers: { 'grpc-encoding': 'br' } }),
    /^grpc 12/,
  ],
  [
    'a bomb of gzip',
    (world) => bytesTo('PutAgentState', grpcFrame(world.bomb, { compressed: 1 }), { headers: { 'grpc-encoding': 'gzip' } })(world),
    /^grpc 8/,
  ],
  ['JSON', bytesTo('PublishSignal', '{"symbol":"SPY"}', { type: 'application/json' }), '415'],
  ['an unknown method', bytesTo('PublishSignals', grpcFrame(goodSignal)), /^grpc 12/],
  ['a deadline of nonsense', bytesTo('Subscribe', Buffer.alloc(0), { headers: { 'grpc-timeout': 'soon' } }), /^grpc \d+/],
];

const refused = 'grpc FIELD_INVALID';
const signal = (name, change) => [`a signal with ${name}`, refusedUnary(door, 'PublishSignal', { ...good, ...change }), refused];
const good = { symbol: 'SPY', side: 'BUY', confidence: 0.5, agentId };

const signalCases = [
  ['a signal of nothing', refusedUnary(door, 'PublishSignal', {}), refused],
  signal('no symbol', { symbol: '' }),
  signal('a small symbol', { symbol: 'spy' }),
  signal('every symbol', { symbol: '*' }),
  signal('a symbol of SQL', { symbol: "SPY'; DROP TABLE trades; --" }),
  signal('a symbol of 33 letters', { symbol: 'S'.repeat(33) }),
  signal('a symbol of 100,000 letters', { symbol: 'S'.repeat(100_000) }),
  signal('a symbol with a NUL', { symbol: 'SPY\u0000' }),
  signal('no side', { side: '' }),
  signal('a small side', { side: 'buy' }),
  signal('the side of a trade', { side: 'B' }),
  signal('no confidence', { confidence: undefined }),
  ...[-0.1, -Number.MIN_VALUE, 1.0000001, 2 ** 60, NaN, Infinity, -Infinity].map((confidence) =>
    signal(`the confidence ${confidence}`, { confidence }),
  ),
  signal('a time before 1970', { timestampUs: -1 }),
  signal('a time of 2600', { timestampUs: 19_880_000_000_000_000 }),
  signal('the last of all times', { timestampUs: '9223372036854775807' }),
  signal('the first of all times', { timestampUs: '-9223372036854775808' }),
  signal('an empty agent', { agentId: '' }),
  signal('an agent of two words', { agentId: 'a b' }),
  signal('an agent with a name of 65 letters', { agentId: 'a'.repeat(65) }),
  signal('an agent of another script', { agentId: 'агент' }),
];

const put = (name, request, outcome = refused) => [`keeping ${name}`, refusedUnary(door, 'PutAgentState', request), outcome];
const putState = (name, state, outcome) => put(`a state with ${name}`, { agentId, state }, outcome);
const putId = (name, id) => put(`a state of ${name}`, { agentId: id, state: { context: 'x' } });
const further = (name, furtherJson, outcome) => putState(`${name} beside it`, { furtherJson }, outcome);
const nested = (depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

const agentCases = [
  put('nothing', {}),
  put('no state', { agentId }),
  putId('nobody', ''),
  putId('two words', 'a b'),
  putId('a path', '../../etc/passwd'),
  putId('a pattern of keys', 'agent:*'),
  putId('65 letters', 'a'.repeat(65)),
  putId('100,000 letters', 'a'.repeat(100_000)),
  putState('the signal HOLD', { lastSignal: 'HOLD' }),
  putState('an empty signal', { lastSignal: '' }),
  putState('a time before 1970', { lastUpdateUs: -1 }),
  putState('a time of 2600', { lastUpdateUs: 19_880_000_000_000_000 }),
  putState('the last of all times', { lastUpdateUs: '9223372036854775807' }),
  further('half an object', '{'),
  further('a list', '[]'),
  further('a text', '"x"'),
  further('null', 'null'),
  further('NaN', '{"a":NaN}'),
  further('a second context', '{"context":"x"}'),
  further('a hundred levels', nested(100)),
  further('10,000 levels', nested(10_000)),
  further('70,000 letters', JSON.stringify({ a: 'x'.repeat(70_000) }), 'grpc AGENT_STATE_TOO_LARGE'),
  putState('a context of 70,000 letters', { context: 'x'.repeat(70_000) }, 'grpc AGENT_STATE_TOO_LARGE'),
  ...['GetAgentState', 'RemoveAgentState'].flatMap((method) => [
    [`${method} of nobody`, refusedUnary(door, method, {}), refused],
    [`${method} of two words`, refusedUnary(door, method, { agentId: 'a b' }), refused],
    [`${method} of 100,000 letters`, refusedUnary(door, method, { agentId: 'a'.repeat(100_000) }), refused],
    [`${method} of an unknown agent`, refusedUnary(door, method, { agentId: 'nobody' }), 'grpc AGENT_UNKNOWN'],
  ]),
  ['nothing of all that is kept', refusedUnary(door, 'GetAgentState', { agentId }), 'grpc AGENT_UNKNOWN'],
];

const subscription = (name, request, outcome = refused) => [`subscribing to ${name}`, refusedStream(door, 'Subscribe', request), outcome];
const symbols = (count) => Array.from({ length: count }, (_, at) => `S${at}`);
const allEvents = ['PHYSICS_UPDATE', 'TRADE_SIGNAL', 'TICK_STORED'];

const subscriptionCases = [
  subscription('nothing', {}),
  subscription('an event alone', { events: ['TRADE_SIGNAL'] }),
  ...['', 'spy', '**', 'SPY,IBM', ' SPY', "' OR 1=1", 'S'.repeat(33), 'S'.repeat(100_000), 'SPY\u0000'].map((symbol) =>
    subscription(`the symbol ${JSON.stringify(symbol).slice(0, 40)}`, { symbols: [symbol] }),
  ),
  subscription('a good symbol and a bad one', { symbols: ['SPY', 'spy'] }),
  subscription('1,001 symbols', { symbols: symbols(1_001) }),
  subscription('20,000 symbols', { symbols: symbols(20_000) }),
  subscription('everything and 1,000 symbols more', { symbols: ['*', ...symbols(1_000)] }),
  subscription('3,000 symbols of three events', { symbols: symbols(1_000), events: allEvents }, 'grpc SUBSCRIPTIONS_FULL'),
  ...['', 'EVERYTHING', 'physics_update', 'ERROR'].map((event) =>
    subscription(`the event ${JSON.stringify(event)}`, { symbols: ['*'], events: [event] }),
  ),
];

export const broadcasterGrpcCases = [...frameCases, ...wireCases, ...signalCases, ...agentCases, ...subscriptionCases].map(
  ([name, ...rest]) => [`gRPC of state-broadcaster: ${name}`, ...rest],
);
