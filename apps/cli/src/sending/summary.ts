import type { LedgerDifference } from '@hindcast/contracts';
import type { LeanGap } from '@hindcast/feeds';
import { duration, whole } from '../format/quantities.js';
import { table } from '../format/table.js';
import type { Verified } from './settle.js';
import type { LateDays, SendCounts } from './tally.js';

/** What a replay prints at its end; with `--json`, as it is. */
export interface SendSummary extends SendCounts {
  readonly rows_a_second: number;
  readonly elapsed_seconds: number;
  readonly started_after_row: number;
  readonly settled_seconds: number;
  readonly ledger: Verified['ledger'];
  readonly late_days: LateDays | null;
}

/** Of accepted, duplicate, rejected and late. */
const noOutcome = ['', '', '', ''];

export function summaryText(summary: SendSummary): string {
  const { bySymbol, ledger } = summary;
  const columns = ['symbol', 'kind', 'received', 'accepted', 'duplicate', 'rejected', 'late'].map((title, index) => ({
    title,
    align: index < 2 ? ('left' as const) : ('right' as const),
  }));
  const rows = bySymbol.map((counts) => [counts.symbol, counts.kind, whole(counts.received), ...noOutcome]);
  const outcome = [summary.accepted, summary.duplicate, summary.rejected, summary.late].map(whole);
  const all = ['all', '', whole(summary.received), ...outcome];
  return [
    table(columns, [...rows, all]),
    '',
    `${whole(summary.received)} rows in ${duration(summary.elapsed_seconds)}: ${whole(summary.rows_a_second)} rows/s; stored and computed ${duration(summary.settled_seconds)} later`,
    ...(summary.unreadable > 0 ? [`${whole(summary.unreadable)} lines of the files could not be read`] : []),
    ...(ledger === null ? [] : [ledgerText(ledger)]),
  ].join('\n');
}

const differencesShown = 10;

export function ledgerText({ balanced, verified, rows, cells, differences }: NonNullable<SendSummary['ledger']>): string {
  const balance = balanced ? 'the ledger balances' : 'THE LEDGER DOES NOT BALANCE';
  const truth = verified
    ? `the store holds its ${whole(rows)} rows in ${whole(cells)} cells`
    : `THE STORE DIFFERS in ${differences.length} of ${cells} cells`;
  return [`${balance}; ${truth}`, ...differences.slice(0, differencesShown).map(differenceLine)].join('\n');
}

function differenceLine({ table: name, market, symbol, day, stored, in_store: inStore }: LedgerDifference): string {
  return `  ${name} ${market} ${symbol} ${day}: the ledger says ${whole(stored)}, the store has ${whole(inStore)}`;
}

/** `no quotes of AIG, SPY; no trades of IBM on 2013-10-12`: days that are missing everywhere (weekends) are named once. */
export function gapsText(gaps: readonly LeanGap[], days: number): readonly string[] {
  const bySeries = new Map<string, LeanGap[]>();
  for (const gap of gaps) {
    const name = `${gap.kind} of ${gap.symbol}`;
    bySeries.set(name, [...(bySeries.get(name) ?? []), gap]);
  }
  const whollyAbsent = [...bySeries].filter(([, list]) => list.length === days).map(([name]) => name);
  const partly = [...bySeries].filter(([, list]) => list.length < days);
  const byDays = Map.groupBy(partly, ([, list]) => list.map(({ day }) => day).join(', '));
  return [
    ...(whollyAbsent.length > 0 ? [`no ${whollyAbsent.join(', ')}`] : []),
    ...[...byDays].map(([missing, series]) => `no ${series.map(([name]) => name).join(', ')} on ${missing}`),
  ];
}
