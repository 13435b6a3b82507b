/** The exchanges that are read, by the names that ccxt has for them. */
export const venueNames = ['binance', 'coinbase', 'kraken', 'okx', 'bybit'] as const;
export type VenueName = (typeof venueNames)[number];
