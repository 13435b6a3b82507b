import { gapsText, ledgerText, summaryText } from './summary.js';
import { cellOf } from './ledger.fixture.js';

const ledger = { balanced: true, verified: true, rows: 3_752_256, cells: 21, differences: [] };

it('a replay is summed up as a table', () => {
  const text = summaryText({
    received: 1_500,
    accepted: 1_000,
    duplicate: 490,
    rejected: 10,
    late: 0,
    unreadable: 2,
    bySymbol: [{ symbol: 'SPY', kind: 'trades', received: 1_498 }],
    rows_a_second: 750,
    elapsed_seconds: 2,
    started_after_row: 0,
    settled_seconds: 0.5,
    ledger,
    late_days: null,
  });
  expect(text).toBe(
    [
      'symbol  kind    received  accepted  duplicate  rejected  late',
      '------  ------  --------  --------  ---------  --------  ----',
      'SPY     trades     1,498',
      'all                1,500     1,000        490        10     0',
      '',
      '1,500 rows in 2.0 s: 750 rows/s; stored and computed 0.5 s later',
      '2 lines of the files could not be read',
      'the ledger balances; the store holds its 3,752,256 rows in 21 cells',
    ].join('\n'),
  );
});

it('a replay whose rows nobody could count is summed up all the same', () => {
  const counts = { received: 1, accepted: 1, duplicate: 0, rejected: 0, late: 0, unreadable: 0, bySymbol: [], late_days: null };
  const pace = { rows_a_second: 1, elapsed_seconds: 1, started_after_row: 0, settled_seconds: 0.5 };
  expect(summaryText({ ...counts, ...pace, ledger: null })).toMatch(/stored and computed 0.5 s later$/);
});

it('differences between ledger and store are named', () => {
  const differences = [{ ...cellOf('SPY', { stored: 1_200 }), in_store: 1_199 }];
  expect(ledgerText({ ...ledger, verified: false, differences })).toBe(
    [
      'the ledger balances; THE STORE DIFFERS in 1 of 21 cells',
      '  trades usa/equity SPY 2013-10-07: the ledger says 1,200, the store has 1,199',
    ].join('\n'),
  );
  expect(ledgerText({ ...ledger, balanced: false })).toContain('THE LEDGER DOES NOT BALANCE');
});

it('days without files are told in few lines', () => {
  const days = ['2013-10-05', '2013-10-06', '2013-10-07'];
  const gaps = [
    ...days.map((day) => ({ symbol: 'SPY', kind: 'quotes' as const, day })),
    ...['SPY', 'IBM'].flatMap((symbol) => days.slice(0, 2).map((day) => ({ symbol, kind: 'trades' as const, day }))),
  ];
  expect(gapsText(gaps, days.length)).toEqual(['no quotes of SPY', 'no trades of SPY, trades of IBM on 2013-10-05, 2013-10-06']);
  expect(gapsText([], 3)).toEqual([]);
});
