/**
 * Questions of `POST /v1/similar` that are refused, as each door is asked them, and what is said: the same by all, unless a door
 * has words of its own. By HTTP alone where no other door can ask it.
 */
const us = (time) => Date.parse(time) * 1_000;
const at = '2013-10-09T15:00:00Z';
const later = '2100-01-01T00:00:00Z';

/** A moment of IBM, with more. */
function ofMoment(http, { grpc = http, cli }) {
  return {
    http: { symbol: 'IBM', market: 'usa/equity', time: at, ...http },
    grpc: { symbol: 'IBM', market: 'usa/equity', timeUs: us(at), ...grpc },
    cli: ['--symbol', 'IBM', '--market', 'usa/equity', '--at', at, ...cli],
  };
}

const tooShort = 'FIELD_INVALID: vector has 3 numbers; 384 finite ones, not all 0, are allowed.';
const between1And100 = 'allowed is a whole number from 1 to 100.';

export const refusals = {
  'a k of 0': {
    ...ofMoment({ k: 0 }, { cli: ['--k', '0'] }),
    said: 'FIELD_INVALID: k=0: a whole number from 1 to 100',
    saidByCli: `FIELD_INVALID: --k 0: ${between1And100}`,
  },
  'a k of 10^9': {
    ...ofMoment({ k: 1e9 }, { cli: ['--k', '1e9'] }),
    said: 'FIELD_INVALID: k=1000000000: a whole number from 1 to 100',
    saidByCli: `FIELD_INVALID: --k 1e9: ${between1And100}`,
  },
  'an unknown space': {
    ...ofMoment({ space: 'numbers' }, { cli: ['--space', 'numbers'] }),
    said: 'FIELD_INVALID: space="numbers": one of signature, text, hybrid',
  },
  'a space that it does not lie in': {
    http: { signature: { volatility_5m: 1 }, space: 'text' },
    grpc: { signature: [{ component: 'volatility_5m', value: 1 }], space: 'text' },
    cli: ['--signature', 'volatility_5m=1', '--space', 'text'],
    said: 'FIELD_INVALID: space=text: what is asked about lies in signature only.',
  },
  'an unknown horizon': {
    ...ofMoment({ horizons: ['7m'] }, { cli: ['--horizons', '7m'] }),
    said: 'FIELD_INVALID: horizons: memory whole has no "7m"; allowed are 1m, 5m, 30m, end_of_day, next_day.',
  },
  'an unknown version': {
    ...ofMoment({ memory: 'signature.v9' }, { cli: ['--memory', 'signature.v9'] }),
    said: 'MEMORY_UNKNOWN: There is no memory "signature.v9"; there are signature.v1-base, early, whole, empty.',
    helps: '`npx hindcast memory` lists them',
  },
  'a memory that is fitted on what came later': {
    ...ofMoment(
      { memory: 'whole', asOf: '2013-10-08T15:00:00Z', time: '2013-10-08T15:00:00Z' },
      {
        grpc: { memory: 'whole', asOfUs: us('2013-10-08T15:00:00Z'), timeUs: us('2013-10-08T15:00:00Z') },
        cli: ['--memory', 'whole', '--at', '2013-10-08T15:00:00Z'],
      },
    ),
    said: /^MEMORY_NOT_KNOWN_YET: Memory whole rests on moments up to 2013-10-\S+, and the question may know nothing after 2013-10-08T15:00:00Z\.$/,
    helps: '`npx hindcast memory fit`',
  },
  'a memory that holds nothing': {
    ...ofMoment({ memory: 'empty' }, { cli: ['--memory', 'empty'] }),
    said: 'MEMORY_EMPTY: Memory empty holds no moments yet: `npx hindcast memory build empty` fills it.',
  },
  'an asOf to come': {
    ...ofMoment({ asOf: later }, { grpc: { asOfUs: us(later) }, cli: ['--as-of', later] }),
    said: /^FIELD_INVALID: asOf=2100-01-01T00:00:00Z: it is to come; times up to now, \S+, are allowed\.$/,
  },
  'a time to come': {
    ...ofMoment({ time: later }, { grpc: { timeUs: us(later) }, cli: ['--at', later] }),
    said: /^FIELD_INVALID: time=2100-01-01T00:00:00Z: it is to come/,
  },
  'a filter that keeps nothing': {
    ...ofMoment({ filter: { symbols: ['ZZZ'] } }, { cli: ['--among', 'ZZZ'] }),
    said: /^MOMENTS_NONE: No moment of whole passes the whole filter; each part alone lets through: asOf \d+, symbols and market 0, excludeWindow \d+\.$/,
    helps: 'widen it, or build the memory over more days',
  },
  'a filter of components that keeps nothing': {
    ...ofMoment(
      { filter: { components: { return_5m: { min: 99 } } } },
      { grpc: { filter: { components: [{ component: 'return_5m', min: 99 }] } }, cli: ['--where', 'return_5m>=99'] },
    ),
    said: /^MOMENTS_NONE: .*return_5m 0\.$/,
  },
  'a path that nobody else went': {
    http: { path: { symbol: 'IBM', from: '2013-10-09T14:40:00Z', to: at }, filter: { symbols: ['ZZZ'] } },
    grpc: { path: { symbol: 'IBM', fromUs: us('2013-10-09T14:40:00Z'), toUs: us(at) }, filter: { symbols: ['ZZZ'] } },
    cli: ['--symbol', 'IBM', '--path', `2013-10-09T14:40:00Z/${at}`, '--among', 'ZZZ'],
    said: /^MOMENTS_NONE: None of the stored prices passes: widen filter\.symbols/,
  },
  'an unknown component': {
    http: { signature: { size: 1 } },
    grpc: { signature: [{ component: 'size', value: 1 }] },
    cli: ['--signature', 'size=1'],
    said: /^FIELD_INVALID: signature\.size=1: there is no such field, only volatility_1m, volatility_5m, .*session_arch$/,
  },
  'NaN in a signature': {
    // JSON has none.
    http: { signature: { volatility_5m: null } },
    grpc: { signature: [{ component: 'volatility_5m', value: NaN }] },
    cli: ['--signature', 'volatility_5m=NaN'],
    said: /^FIELD_INVALID: signature\.volatility_5m=(NaN|null): a finite number$/,
    saidByCli:
      'FIELD_INVALID: --signature volatility_5m=NaN: allowed is components with their values: volatility_5m=0.4,session_progress=0.2.',
  },
  'nothing to ask about': {
    http: {},
    grpc: {},
    cli: [],
    said: 'FIELD_INVALID: None given: exactly one of symbol, state, signature, text, vector, path is allowed.',
    saidByCli:
      /^FIELD_INVALID: Ask with --symbol, and --at for another moment than now or --path \(and --path-of\) for a stretch of time, or with one of/,
  },
  'an unknown symbol': {
    http: { symbol: 'ZZZ', time: at },
    grpc: { symbol: 'ZZZ', timeUs: us(at) },
    cli: ['--symbol', 'ZZZ', '--at', at],
    said: 'SYMBOL_UNKNOWN: Nothing was ever recorded for ZZZ.',
    helps: 'GET /v1/symbols lists',
  },
};

/** Those that only a model can tell. */
export const refusalsInWords = {
  'a vector of another dimension': {
    http: { vector: [1, 2, 3] },
    grpc: { vector: [1, 2, 3] },
    cli: ['--vector', '[1,2,3]'],
    said: tooShort,
  },
  'NaN in a vector': {
    http: { vector: [1, null] },
    grpc: { vector: [1, NaN] },
    cli: ['--vector', '[1,null]'],
    said: /^FIELD_INVALID: vector\.1=(NaN|null): a finite number$/,
  },
  'words that nobody is let through to': {
    http: { text: 'busy', filter: { symbols: ['ZZZ'] } },
    grpc: { text: 'busy', filter: { symbols: ['ZZZ'] } },
    cli: ['--text', 'busy', '--among', 'ZZZ'],
    said: /^MOMENTS_NONE: None of \d+ sentences is left: widen filter\.symbols/,
  },
};
