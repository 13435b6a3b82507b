/** Questions of `POST /v1/similar` about the walked days, each with its twin for gRPC's `FindSimilar`. */

const us = (time) => Date.parse(time) * 1_000;
const market = 'usa/equity';
const at = '2013-10-09T15:00:00Z';
const moment = { http: { symbol: 'IBM', market, time: at }, grpc: { symbol: 'IBM', market, timeUs: us(at) } };
const signature = { volatility_5m: 0.6, volatility_30m: 0.2, session_progress: 0.1 };
const state = { mass: 0.6, momentum: -0.4, friction: 0.9, entropy: 0.4, nash_dist: 0.2, alpha_coefficient: 2.2, regime: 'Critical' };
const words = 'busy busy rising rising';
const vector = Array.from({ length: 384 }, (_, place) => Math.sin(place + 1));
const path = ['2013-10-09T14:40:00Z', '2013-10-09T15:00:00Z'];

function aboutMoment(more, moreOfGrpc = more) {
  return { http: { ...moment.http, ...more }, grpc: { ...moment.grpc, ...moreOfGrpc } };
}

/** By what each asks for. */
export const questions = {
  'a moment': aboutMoment({}),
  // A memory that ends before it leaves it to the store's trades.
  'a moment that the memory does not hold': aboutMoment({ memory: 'early' }),
  'a moment of the symbol alone': { http: { symbol: 'SPY', time: at }, grpc: { symbol: 'SPY', timeUs: us(at) } },
  'what made neighbours alike': aboutMoment({ explain: true, k: 20, horizons: ['30m', '1m'], search: 'exact' }),
  'neighbours side by side, one another day': aboutMoment(
    { minGap: '0s', excludeWindow: '10m', distinctDays: true },
    { minGapSeconds: 0, excludeWindowSeconds: 600, distinctDays: true },
  ),
  'what is known now': aboutMoment(
    { asOf: '2013-10-10T00:00:00Z', excludeWindow: 0 },
    { asOfUs: us('2013-10-10T00:00:00Z'), excludeWindowSeconds: 0 },
  ),
  'neighbours that pass a filter': aboutMoment(
    {
      filter: {
        symbols: ['SPY'],
        market,
        from: '2013-10-08T00:00:00Z',
        to: '2013-10-09T00:00:00Z',
        regimes: ['Gaussian', 'Lévy Stable', 'Critical'],
        components: { return_5m: { min: -1.5 } },
      },
    },
    {
      filter: {
        symbols: ['SPY'],
        market,
        fromUs: us('2013-10-08T00:00:00Z'),
        toUs: us('2013-10-09T00:00:00Z'),
        regimes: ['Gaussian', 'Lévy Stable', 'Critical'],
        components: [{ component: 'return_5m', min: -1.5 }],
      },
    },
  ),
  'a state': { http: { state: { symbol: 'SPY', timestamp: at } }, grpc: { state: { symbol: 'SPY', timestampUs: us(at) } } },
  'a signature': {
    http: { signature, k: 3 },
    grpc: { signature: Object.entries(signature).map(([component, value]) => ({ component, value })), k: 3 },
  },
  'a path': {
    http: { path: { symbol: 'IBM', from: path[0], to: path[1] } },
    grpc: { path: { symbol: 'IBM', fromUs: us(path[0]), toUs: us(path[1]) } },
  },
  'a path of states': {
    http: { path: { symbol: 'IBM', from: path[0], to: path[1], of: 'states' } },
    grpc: { path: { symbol: 'IBM', fromUs: us(path[0]), toUs: us(path[1]), of: 'states' } },
  },
};

/** Those that want the model. */
export const questionsInWords = {
  'a moment in words': aboutMoment({ space: 'text' }),
  'a moment in both': aboutMoment({ space: 'hybrid', explain: true }),
  words: { http: { text: words }, grpc: { text: words } },
  'a state in words': {
    http: { state },
    grpc: { state: { ...state, nashDist: state.nash_dist, alphaCoefficient: state.alpha_coefficient } },
  },
  'a vector': { http: { vector }, grpc: { vector } },
};
