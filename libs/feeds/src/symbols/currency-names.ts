/**
 * Exchanges' own names of currencies as live feeds have them, which is as ccxt does: without them a file and a feed of one
 * market would tell two instruments.
 */
const everywhere = new Map([
  ['XBT', 'BTC'],
  ['BCHSV', 'BSV'],
]);
const kraken = [
  ['FEE', 'KFEE'],
  ['LUNA', 'LUNC'],
  ['LUNA2', 'LUNA'],
  ['REP', 'REPV1'],
  ['REPV2', 'REP'],
  ['UST', 'USTC'],
  ['XDG', 'DOGE'],
] as const;
const byVenue = new Map([
  ['bitstamp', new Map([['UST', 'USTC']])],
  ['coinbase', new Map([['CGLD', 'CELO']])],
  ['kraken', new Map<string, string>(kraken)],
]);

/** `XBT-USD` as `BTC-USD`. */
export function withCurrencyNames(venue: string, symbol: string): string {
  const ofVenue = byVenue.get(venue);
  const parts = symbol.split('-').map((part) => ofVenue?.get(part) ?? everywhere.get(part) ?? part);
  return parts.join('-');
}
