/** What is wrong with questions to those who read: market-data, market-physics, state-broadcaster. */
import { frame, send, sendFrames, sendLarge, sendMessages } from './doors.mjs';

const get = (service, path) => (world) => send(`${world.urls[service]}${path}`, { method: 'GET', type: null });
const post = (service, path, body, options) => (world) =>
  send(`${world.urls[service]}${path}`, { body: typeof body === 'string' ? body : JSON.stringify(body), ...options });
const queries = (path, ...list) =>
  list.map(([query, outcome = '400 FIELD_INVALID']) => [`GET ${path}${query}`, get('marketData', `${path}${query}`), outcome]);

const readingCases = [
  ...queries(
    '/v1/trades',
    [''],
    ['?symbol='],
    ['?symbol=spy'],
    ["?symbol=SPY'%3B%20DROP%20TABLE%20trades%3B--"],
    ['?symbol=SPY&symbol=IBM'],
    ['?symbol=NOBODY', '404 SYMBOL_UNKNOWN'],
  ),
  ...queries(
    '/v1/trades',
    ['?symbol=SPY&from=yesterday'],
    ['?symbol=SPY&from=2013-02-30'],
    ['?symbol=SPY&from=1e300'],
    ['?symbol=SPY&from=2013-10-09&to=2013-10-07'],
    ['?symbol=SPY&from=-1'],
  ),
  ...queries(
    '/v1/trades',
    ['?symbol=SPY&limit=0'],
    ['?symbol=SPY&limit=-1'],
    ['?symbol=SPY&limit=1e9'],
    ['?symbol=SPY&limit=99999999999999999999'],
    ['?symbol=SPY&cursor=x', '400 FIELD_INVALID'],
  ),
  ...queries(
    '/v1/trades',
    ['?symbol=SPY&format=xml'],
    ['?symbol=SPY&colour=red'],
    ['?symbol=SPY&__proto__=1'],
    ['?symbol=SPY&market=..%2Fetc'],
    ['?symbol=%00'],
  ),
  ...queries('/v1/bars', ['?symbol=SPY&interval=5m'], ['?symbol=SPY&interval=']),
  ...queries('/v1/symbols', ['?symbol=spy'], ['?day=1']),
];

const similar = (body, outcome = '400 FIELD_INVALID') => [
  `similar ${JSON.stringify(body).slice(0, 60)}`,
  post('marketPhysics', '/v1/similar', body),
  outcome,
];
const when = '2013-10-07T16:00:00Z';

const physicsCases = [
  similar('', '400 BODY_INVALID'),
  similar('{', '400 BODY_INVALID'),
  ...[
    {},
    [],
    { symbol: 'SPY', space: 'numbers' },
    { symbol: 'SPY', asOf: '2999-01-01' },
    { symbol: 'SPY', minGap: 'soon' },
    { signature: { volume: 1 } },
    { signature: {} },
    { path: { symbol: 'SPY', from: when, to: when } },
    { symbol: 'SPY', time: 'noon' },
    { symbol: "SPY'", time: when },
    { text: '', k: 5 },
    { text: 7 },
    { text: 'x', vector: [] },
  ].map((body) => similar(body)),
  ...[
    { text: 'x', k: 0 },
    { text: 'x', k: 101 },
    { text: 'x', k: 1.5 },
    { text: 'x', filter: 1 },
    { text: 'x', filter: { symbols: ["' OR 1=1 --"] } },
  ].map((body) => similar(body)),
  ...[
    { text: 'x', search: 'fast' },
    { text: 'x', asOf: 5.5 },
    { text: 'x', colour: 1 },
    { vector: [1, 2, 3] },
    { vector: new Array(384).fill('x') },
    { vector: new Array(384).fill(null) },
  ].map((body) => similar(body)),
  [
    'similar with a body of 20 MiB',
    ({ urls }) => sendLarge(`${urls.marketPhysics}/v1/similar`, Buffer.alloc(20 * 1024 * 1024, 0x20)),
    '413 BATCH_TOO_LARGE',
  ],
  ['similar as XML', post('marketPhysics', '/v1/similar', '<x/>', { type: 'application/xml' }), '415 MEDIA_TYPE_UNKNOWN'],
  ['the state of a small symbol', get('marketPhysics', '/v1/states/spy'), '400 FIELD_INVALID'],
  ['the state of SQL', get('marketPhysics', "/v1/states/SPY'%3B--"), '400 FIELD_INVALID'],
  ['the state of nobody', get('marketPhysics', '/v1/states/NOBODY'), /^404 /],
  ['the state at noon', get('marketPhysics', '/v1/states/SPY?at=noon'), '400 FIELD_INVALID'],
  ['states of SQL', get('marketPhysics', '/v1/states?symbols=%27'), '400 FIELD_INVALID'],
  ...[
    {},
    { mode: 'dead', from: when, to: when },
    { mode: 'live', from: 'x', to: when },
    { mode: 'live', from: when, to: '2013-10-06' },
  ].map((body) => [`rebuild ${JSON.stringify(body)}`, post('marketPhysics', '/v1/rebuilds', body), '400 FIELD_INVALID']),
  ['a rebuild of nobody', get('marketPhysics', '/v1/rebuilds/../../etc'), /^404 /],
];

const agents = (id, body, outcome) => [
  `the state of agent ${id.slice(0, 20)}: ${JSON.stringify(body).slice(0, 40)}`,
  (world) =>
    send(`${world.broadcaster}/v1/agents/${id}/state`, { method: 'PUT', body: typeof body === 'string' ? body : JSON.stringify(body) }),
  outcome,
];
const signal = (body, outcome = '400 FIELD_INVALID') => [
  `the signal ${JSON.stringify(body).slice(0, 60)}`,
  (world) => send(`${world.broadcaster}/v1/signals`, { body: JSON.stringify(body) }),
  outcome,
];
const subscribe = (message, outcome = 'error SUBSCRIPTION_INVALID') => [
  `subscribing with ${JSON.stringify(message).slice(0, 60)}`,
  ({ urls }) => sendMessages(urls.webSocket, [message]),
  outcome,
];

const broadcasterCases = [
  agents('a%20b', {}, '400 FIELD_INVALID'),
  agents('x'.repeat(65), {}, '400 FIELD_INVALID'),
  agents('bad', [], '400 FIELD_INVALID'),
  agents('bad', '{', '400 BODY_INVALID'),
  agents('bad', { last_signal: 'HOLD' }, '400 FIELD_INVALID'),
  agents('bad', { last_update: 'noon' }, '400 FIELD_INVALID'),
  agents('bad', { note: 'x'.repeat(70_000) }, /^4(00|13) /),
  agents('bad', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, '400 FIELD_INVALID'),
  ...[{}, { symbol: 'spy', side: 'BUY', confidence: 1, agent_id: 'a' }, { symbol: 'SPY', side: 'B', confidence: 1, agent_id: 'a' }].map(
    (body) => signal(body),
  ),
  ...[2, -0.1, '1', null].map((confidence) => signal({ symbol: 'SPY', side: 'BUY', confidence, agent_id: 'a' })),
  subscribe('{', 'error BODY_INVALID'),
  subscribe(Buffer.from('{}'), 'error BODY_INVALID'),
  ...[
    {},
    { action: 'steal', symbols: ['*'] },
    { action: 'subscribe', symbols: [] },
    { action: 'subscribe', symbols: ['spy'] },
    { action: 'subscribe', symbols: '*' },
  ].map((message) => subscribe(message)),
  subscribe({ action: 'subscribe', symbols: new Array(1_001).fill('SPY') }),
  subscribe({ action: 'subscribe', symbols: ['SPY'], events: ['EVERYTHING'] }),
  subscribe('x'.repeat(70_000), 'closed 1009'),
  ['a stream of a small symbol', (world) => send(`${world.urls.stream}?symbols=spy`, { method: 'GET', type: null }), '400 FIELD_INVALID'],
  ['a stream of nothing', (world) => send(world.urls.stream, { method: 'GET', type: null }), '400 FIELD_INVALID'],
  ['an unmasked frame to /v1/stream', ({ urls }) => sendFrames(urls.webSocket, [frame(1, '{}', { masked: false })]), 'closed 1002'],
];

export const readerCases = [...readingCases, ...physicsCases, ...broadcasterCases];
