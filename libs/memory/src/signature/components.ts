/** What one number of a signature is. */
export interface SignatureComponent {
  readonly name: string;
  /** In the terms of `docs/signature.md`. */
  readonly formula: string;
  readonly unit: 'log-ratio' | 'hour deviations' | 'share' | 'bits of ln 16' | 'ln';
  /** Where the measure comes from. */
  readonly source: string;
  /** What has to be there for it to have a value; without it the component is masked. */
  readonly needs: 'bars' | 'quotes' | 'state';
}

/** The ratio of a rate to the hour's; a hundredth is added, so that silence has a value. */
const logRatio = (ratio: string, source: string) => ({
  formula: `ln((${ratio} + 0.01) / 1.01)`,
  unit: 'log-ratio' as const,
  source,
  needs: 'bars' as const,
});
const volatility = (window: string) => ({
  ...logRatio(`rv(${window}) / rv(hour)`, 'realised variance: Andersen, Bollerslev, Diebold, Labys 2003'),
  formula: `1/2 ln((rv(${window}) / rv(hour) + 0.01) / 1.01)`,
});
const volume = (window: string) => logRatio(`v(${window}) / v(hour)`, 'relative volume');
const trades = (window: string) => logRatio(`n(${window}) / n(hour)`, 'trade arrival rate: Engle and Russell 1998');
const move = (window: string) => ({
  formula: `ln(p / p(${window} ago)) / sqrt(rv(hour) x ${window} in seconds)`,
  unit: 'hour deviations' as const,
  source: 'return in units of its own volatility',
  needs: 'bars' as const,
});

/**
 * The components of `signature.v1`, in the order of the vector. None knows a price level, a currency, a lot size or how
 * busy an instrument is: everything is told in the instrument's own last hour, so that one memory serves all.
 *
 * p is a one-second bar's VWAP; r10 its log-return over ten seconds, taken every second; rv the mean of r10^2 / 10 a
 * second; v volume and n trades a second, b volume of buys less sells. `hour` is the last hour, or as much of it as the session has had.
 */
export const signatureComponents = [
  { name: 'volatility_1m', ...volatility('1 min') },
  { name: 'volatility_5m', ...volatility('5 min') },
  { name: 'volatility_15m', ...volatility('15 min') },
  { name: 'volatility_30m', ...volatility('30 min') },
  { name: 'volatility_day', ...volatility('session so far') },
  { name: 'volatility_yesterday', ...volatility('the session before') },
  {
    name: 'volatility_of_volatility',
    formula: 'ln(max(sd, 0.01)), sd of 1/2 ln rv(5 min) at each whole minute of the last hour',
    unit: 'ln',
    source: 'volatility of volatility: Corsi, Mittnik, Pigorsch, Pigorsch 2008; low where returns are the noise of ticks',
    needs: 'bars',
  },
  {
    name: 'noise_ratio',
    formula: '1/2 ln(rv1 / rv) over the hour, rv1 from returns of one second',
    unit: 'log-ratio',
    source: 'signature plot of realised variance: Andersen, Bollerslev, Diebold, Labys 2000',
    needs: 'bars',
  },
  {
    name: 'variance_ratio',
    formula: '1/2 ln(rv60 / rv) over the hour, rv60 from returns of a minute',
    unit: 'log-ratio',
    source: 'variance ratio: Lo and MacKinlay 1988; below 0 where prices come back',
    needs: 'bars',
  },
  { name: 'volume_1m', ...volume('1 min') },
  { name: 'volume_5m', ...volume('5 min') },
  { name: 'volume_15m', ...volume('15 min') },
  { name: 'trades_1m', ...trades('1 min') },
  { name: 'trades_5m', ...trades('5 min') },
  { name: 'return_1m', ...move('1 min') },
  { name: 'return_5m', ...move('5 min') },
  { name: 'return_30m', ...move('30 min') },
  { name: 'imbalance_5m', formula: 'b(5 min) / v(5 min)', unit: 'share', source: 'signed volume by Lee and Ready 1991', needs: 'bars' },
  {
    name: 'spread_1m',
    formula: 'ln(mean relative spread of 1 min / of the hour)',
    unit: 'log-ratio',
    source: 'quoted spread',
    needs: 'quotes',
  },
  {
    name: 'quote_imbalance',
    formula: '(bid size - ask size) / (bid size + ask size) at the best prices',
    unit: 'share',
    source: 'order book imbalance: Cont, Kukanov, Stoikov 2014',
    needs: 'quotes',
  },
  { name: 'friction', formula: 'friction of the state', unit: 'share', source: 'Kaufman 1995', needs: 'state' },
  { name: 'entropy', formula: 'entropy of the state', unit: 'bits of ln 16', source: 'Shannon 1948', needs: 'state' },
  { name: 'nash_dist', formula: 'nash_dist of the state', unit: 'share', source: 'distance from the point of control', needs: 'state' },
  { name: 'alpha', formula: 'ln(alpha_coefficient of the state)', unit: 'ln', source: 'Hill 1975', needs: 'state' },
  { name: 'session_progress', formula: 'share u of the session that has passed', unit: 'share', source: 'time of day', needs: 'bars' },
  { name: 'session_arch', formula: '4 u (1 - u)', unit: 'share', source: 'the U of the day: Wood, McInish, Ord 1985', needs: 'bars' },
] as const satisfies readonly SignatureComponent[];

export type SignatureComponentName = (typeof signatureComponents)[number]['name'];

/** Numbers in a signature. */
export const signatureSize = signatureComponents.length;

export const signatureNames: readonly SignatureComponentName[] = signatureComponents.map(({ name }) => name);

export function componentIndex(name: SignatureComponentName): number {
  return signatureNames.indexOf(name);
}
