import type { LedgerCell, LedgerCounts, LedgerDto } from '@hindcast/contracts';

const noRows: LedgerCounts = { inherited: 0, received: 0, stored: 0, pending: 0, rejected: 0, duplicate: 0, quarantined: 0, late: 0 };

export function ledgerOf(cells: readonly LedgerCell[], totals: Partial<LedgerCounts> = {}): LedgerDto {
  return {
    stream_id: 'stream-1',
    balanced: true,
    head_number: 7,
    stored_through_number: 7,
    totals: { trades: { ...noRows, ...totals }, quotes: noRows },
    rejected_by_code: {},
    cells,
  };
}

export function cellOf(symbol: string, counts: Partial<LedgerCell> = {}): LedgerCell {
  return {
    table: 'trades',
    market: 'usa/equity',
    symbol,
    day: '2013-10-07',
    inherited: 0,
    admitted: 0,
    stored: 0,
    quarantined: 0,
    late: 0,
    ...counts,
  };
}
