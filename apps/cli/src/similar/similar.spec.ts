import type { OutcomeDistribution, SimilarAnswer } from '@hindcast/contracts';
import { neighboursSvg } from './neighbours-svg.js';
import { similarRequest, type SimilarOptions } from './similar-arguments.js';
import { similarText } from './similar-text.js';

const requestOf = (options: Partial<SimilarOptions>) => similarRequest({ k: '5', ...options });

describe('asking for similar moments', () => {
  it('becomes a request', () => {
    const options = { symbol: 'spy', at: '2013-10-09T15:30:00Z', among: 'SPY,ibm', from: '2013-10-07', to: '2013-10-08', exact: true };
    expect(requestOf(options)).toEqual({
      symbol: 'SPY',
      time: '2013-10-09T15:30:00Z',
      k: 5,
      search: 'exact',
      filter: { symbols: ['SPY', 'IBM'], from: '2013-10-07T00:00:00Z', to: '2013-10-09T00:00:00Z' },
    });
    expect(requestOf({ text: 'calm', from: '2013-10-07' }).filter).toEqual({ from: '2013-10-07T00:00:00Z' });
  });

  it('names no time where none is given, so that the service takes now, or the newest moment as of then', () => {
    expect(requestOf({ symbol: 'SPY' })).toEqual({ symbol: 'SPY', k: 5 });
    expect(requestOf({ symbol: 'SPY', asOf: '2013-10-09T15:30:00Z' })).toEqual({ symbol: 'SPY', asOf: '2013-10-09T15:30:00Z', k: 5 });
  });

  it('takes every option', () => {
    const options = {
      ...{
        symbol: 'SPY',
        market: 'usa/equity',
        path: '2013-10-09T15:00:00Z/2013-10-09T15:30:00Z',
        pathOf: 'states',
        memory: 'mine',
        amongMarket: 'usa/equity',
      },
      ...{ regimes: 'Critical,Gaussian', where: ['volatility_5m>=0.5', 'volatility_5m <= 2', 'return_5m<=-1'], asOf: '2013-10-10' },
      ...{ gap: '10m', exclude: '0s', distinctDays: true, horizons: '5m,1h', explain: true },
    };
    expect(requestOf(options)).toEqual({
      path: { symbol: 'SPY', market: 'usa/equity', from: '2013-10-09T15:00:00Z', to: '2013-10-09T15:30:00Z', of: 'states' },
      k: 5,
      memory: 'mine',
      filter: {
        market: 'usa/equity',
        regimes: ['Critical', 'Gaussian'],
        components: { volatility_5m: { min: 0.5, max: 2 }, return_5m: { max: -1 } },
      },
      asOf: '2013-10-10T00:00:00Z',
      minGap: '10m',
      excludeWindow: '0s',
      distinctDays: true,
      horizons: ['5m', '1h'],
      explain: true,
    });
    expect(requestOf({ signature: 'volatility_5m=0.4, session_progress=.2' }).signature).toEqual({
      volatility_5m: 0.4,
      session_progress: 0.2,
    });
    expect(requestOf({ state: '{"symbol":"SPY","timestamp":"2013-10-09T15:30:00Z"}' }).state).toMatchObject({ symbol: 'SPY' });
    expect(requestOf({ vector: '[1,2]' }).vector).toEqual([1, 2]);
  });

  it.each([
    {},
    { symbol: 'SPY', text: 'calm' },
    { at: '2013-10-09' },
    { text: 'calm', at: '2013-10-09' },
    { symbol: 'SPY', at: '2013-10-09', path: '2013-10-09/2013-10-10' },
    { symbol: 'SPY', path: '2013-10-09' },
    { symbol: 'SPY', pathOf: 'states' },
    { text: 'calm', k: '0' },
    { text: 'calm', from: '2013-10-09', to: '2013-10-08' },
    { text: 'calm', to: 'yesterday' },
    { signature: 'volatility_5m' },
    { signature: 'volatility_5m=high' },
    { text: 'calm', where: ['volatility_5m'] },
    { state: 'calm' },
  ])('is refused where it is half a question: %j', (options) => {
    expect(() => requestOf(options)).toThrow(expect.objectContaining({ code: 'FIELD_INVALID' }));
  });
});

const distribution = (middle: number): OutcomeDistribution => ({
  count: 20,
  mean: middle,
  deviation: 0.001,
  quantiles: { p10: middle - 0.001, p50: middle, p90: middle + 0.001 },
});
const facts = {
  index: null,
  index_type: null,
  rows: 1_000,
  candidates: 900,
  exact: true,
  nprobes: null,
  rows_not_indexed: 0,
  recall: null,
};
const answer: SimilarAnswer = {
  query: {
    symbol: 'SPY',
    market: 'usa/equity',
    timestamp: '2013-10-09T15:30:00Z',
    level: { volatility: 0.0001, volume_rate: 3 },
    path: { seconds: [-120, -60, 0], returns: [-0.001, 0.002, 0] },
  },
  neighbours: [
    {
      symbol: 'IBM',
      market: 'usa/equity',
      timestamp: '2013-10-08T14:00:00Z',
      distance: 0.12345,
      regime: 'Gaussian',
      flags: ['silence'],
      explained: { alike: ['noise_ratio'], different: ['volatility_1m'], components: [] },
      path: { before: { seconds: [-60, 0], returns: [-0.002, 0] }, after: { seconds: [60, 120], returns: [0.001, 0.003] } },
      outcomes: {
        '5m': {
          return: 0.0012,
          volatility: 0.0001,
          highest_gain: 0.002,
          deepest_loss: 0,
          volume: 5,
          known_at: '2013-10-08T14:05:00Z',
          marks: [],
        },
        next_day: null,
      },
    },
  ],
  outcomes: [
    {
      horizon: '5m',
      candidates: 900,
      effective_size: 12.34,
      return: { unit: 'log-return', neighbours: distribution(0.0005), usual: distribution(0), p_value: 0.4 },
      volatility_ratio: { neighbours: distribution(1.2), usual: distribution(1), p_value: 0.01 },
      probability_up: 0.6,
      usual_probability_up: 0.5,
    },
  ],
  forecast: [
    {
      horizon: '5m',
      level: 0.0001,
      volatility: 0.00012,
      volatility_by_mean: 0.00011,
      band: { low: 0.0001, high: 0.0002, coverage: 0.8 },
      neighbours: 630,
    },
  ],
  verdict: ['Direction: not foretold.'],
  receipt: {
    ...facts,
    table: 'moments_base',
    space: 'signature',
    memory: {
      id: 'base',
      signature: 'signature.v1',
      known_at: '2013-10-09T00:00:00Z',
      scaler: { fitted_from: '2013-10-07T00:00:00Z', fitted_to: '2013-10-09T00:00:00Z', rows: 5 },
      skill: null,
    },
    as_of: '2013-10-09T15:30:00Z',
    flags: { silence: 1 },
    simulated: 1,
    elapsed_ms: 14.6,
    phases_ms: { question: 1, search: 2, outcomes: 3, paths: 4, forecast: 4 },
  },
};

it('an answer is told with neighbours, what followed, what that is worth, and how it was found', () => {
  const text = similarText(answer);
  for (const line of [
    'SPY at 2013-10-09T15:30:00Z, volatility of its last hour 0.600 %/h',
    '1  IBM     2013-10-08T14:00:00Z    0.1235  ▁▄|▅█                      0.12 %         -  silence',
    '1: alike in noise_ratio; different in volatility_1m',
    '5m     20 of 900   12.3   60 % (50 %)      -0.05 %  0.05 %  0.15 %  -0.10 % to 0.10 %  0.400         1.20 (1.00)  0.010',
    '5m               0.600 %/h  0.720 %/h  0.600 %/h to 1.200 %/h  0.660 %/h  630 neighbours',
    'Direction: not foretold.',
    'searched 900 of 1,000 rows of moments_base: exact, every candidate compared',
    'in 15 ms; memory base, known at 2013-10-09T00:00:00Z; as known at 2013-10-09T15:30:00Z',
    'SIMULATED: 1 of these moments come from a simulated market',
  ]) {
    expect(text.split('\n')).toContainEqual(line);
  }
  expect(similarText({ ...answer, neighbours: [], outcomes: [], forecast: [] })).toContain('no other moment is known');
});

it('neighbours are drawn: each path once, the own one, and where four fifths of them ended', () => {
  const svg = neighboursSvg(answer);
  expect(svg.match(/<path /g)).toHaveLength(2 + 3);
  expect(svg).toContain('<title>1 moments most like SPY at 2013-10-09T15:30:00Z</title>');
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  expect(neighboursSvg({ ...answer, neighbours: [], outcomes: [] })).not.toMatch(/NaN|Infinity/);
});
