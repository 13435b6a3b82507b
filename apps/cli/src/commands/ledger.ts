import type { LedgerDto, TickKind } from '@hindcast/contracts';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { whole } from '../format/quantities.js';
import { table } from '../format/table.js';
import { ledgerText } from '../sending/summary.js';
import { findServices } from '../services.js';
import type { Terminal } from '../terminal.js';

export async function showLedger({ json, print, note }: Terminal): Promise<ExitCode> {
  const services = await findServices({ note });
  const ledger = await services.ledger();
  print(json ? JSON.stringify(ledger) : ledgerTable(ledger));
  return ledger.balanced ? exitCodes.ok : exitCodes.ledger;
}

export async function verifyLedger({ json, print, note }: Terminal): Promise<ExitCode> {
  const services = await findServices({ note });
  const verification = await services.verifyLedger();
  print(json ? JSON.stringify(verification) : ledgerText(verification));
  return verification.balanced && verification.verified ? exitCodes.ok : exitCodes.ledger;
}

export async function retryQuarantined({ json, print, note }: Terminal): Promise<ExitCode> {
  const services = await findServices({ note });
  const report = await services.retryQuarantined();
  const { retried, stored, still_refused: stillRefused } = report;
  print(
    json
      ? JSON.stringify(report)
      : `${whole(retried)} quarantined rows sent again: ${whole(stored)} stored, ${whole(stillRefused)} still refused`,
  );
  return stillRefused === 0 ? exitCodes.ok : exitCodes.ledger;
}

export async function resendLog({ json, print, note }: Terminal): Promise<ExitCode> {
  const services = await findServices({ note });
  const report = await services.resendLog();
  const { batches, rows } = report;
  print(json ? JSON.stringify(report) : `${whole(rows)} rows in ${whole(batches)} batches of the log go to the store again`);
  return exitCodes.ok;
}

const parts = ['inherited', 'received', 'stored', 'pending', 'rejected', 'duplicate', 'quarantined', 'late'] as const;
const kinds: readonly TickKind[] = ['trades', 'quotes'];

export function ledgerTable({
  totals,
  balanced,
  rejected_by_code: reasons,
  head_number: head,
  stored_through_number: stored,
  stream_id: stream,
}: LedgerDto): string {
  const columns = [{ title: 'table' }, ...parts.map((title) => ({ title, align: 'right' as const }))];
  const rows = kinds.map((kind) => [kind, ...parts.map((part) => whole(totals[kind][part]))]);
  const rejected = Object.entries(reasons).map(([code, count]) => `${code} ${whole(count)}`);
  return [
    table(columns, rows),
    '',
    balanced ? 'balanced: inherited + received = stored + pending + rejected + duplicate + quarantined' : 'NOT BALANCED',
    ...(rejected.length > 0 ? [`rejected: ${rejected.join(', ')}`] : []),
    `log ${stream}: batch ${whole(head)}, stored through ${whole(stored)}`,
  ].join('\n');
}
