import { HindcastError, type TickKind } from '@hindcast/contracts';
import type { RawTable } from '../raw-table.js';
import { fieldsByName, hinted, type TableFormat } from './table-format.js';

const common = {
  timestamp: 'timestamp',
  symbol: 'symbol',
  market: 'market',
  exchange: 'exchange',
  source: 'source',
  conditions: 'conditions',
};
const names = {
  trades: { ...common, id: 'trade_id', price: 'price', size: 'size', side: 'side', side_inferred: 'side_inferred' },
  quotes: { ...common, id: 'quote_id', bid: 'bid', bid_size: 'bid_size', ask: 'ask', ask_size: 'ask_size' },
} as const;

/**
 * What `hindcast export` and `GET /v1/trades` and `/v1/quotes` write. Rows keep who gave their ids, so that going round adds
 * none; side and lateness that admission decided are decided anew.
 */
export const hindcast: TableFormat = (raw, hints) => {
  if (!raw.columns.includes('sequence') || !raw.columns.includes('received_at')) {
    refuseDerived(raw);
    return undefined;
  }
  const kind: TickKind = raw.columns.includes('quote_id') ? 'quotes' : 'trades';
  const fields = fieldsByName(raw, names[kind]);
  if (!fields) return undefined;
  return {
    format: `Hindcast ${kind}`,
    kind,
    fields,
    timestampUnit: hints.timestampUnit ?? 'auto',
    instrumentOf: ({ market, symbol }) => hinted(hints, { market, symbol }),
    source: hints.source ?? 'hindcast',
    keepsExchange: true,
  };
};

function refuseDerived({ path, columns }: RawTable): void {
  const derived = columns.includes('nash_dist')
    ? 'states'
    : columns.includes('buy_volume') && columns.includes('vwap')
      ? 'bars'
      : undefined;
  if (derived === undefined) return;
  throw new HindcastError('FIELD_INVALID', `${path} holds Hindcast's ${derived}: those are made from trades. Import the trades.`);
}
