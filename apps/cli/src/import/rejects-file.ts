import { appendFile, mkdir, rm, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileBatch } from '@hindcast/feeds';
import type { PushAck } from '@hindcast/log-grpc';
import { RowChecks, rejectedRow, type QuoteColumns, type RejectedRow, type TradeColumns } from '@hindcast/market';
import type { RunStart } from '../sending/send-run.js';

type Reason = Pick<RejectedRow, 'table' | 'code' | 'field' | 'message'> & { readonly text?: string };

/** An answer lists no more than a hundred rows of a batch; what admission objects to in the others can be found here as well. */
const ownLimits = { maxAheadUs: Infinity, priceBands: new Map() };

/** Rejected rows of an import as NDJSON: reason, file, line, and what stands there. Made with its first row. */
export class RejectsFile {
  rows = 0;
  /** Of the file. */
  bytes = 0;
  /** Rejected, and not in the file: the reason is known to the service alone (`hindcast ledger`). */
  unlisted = 0;

  constructor(readonly path: string) {}

  /** A run from the beginning writes a new one; one that goes on, goes on here too, without lines of rows that it sends again. */
  async begin({ rows, besideBytes = Infinity }: RunStart): Promise<void> {
    this.rows = 0;
    this.unlisted = 0;
    const keptBytes = rows === 0 ? 0 : besideBytes;
    const { size } = await stat(this.path).catch(() => ({ size: 0 }));
    this.bytes = Math.min(size, keptBytes);
    if (keptBytes === 0) await rm(this.path, { force: true });
    else if (size > keptBytes) await truncate(this.path, keptBytes);
  }

  async add(batch: FileBatch, ack: PushAck): Promise<void> {
    if (ack.rejected === 0) return;
    const reasons = reasonsOf(batch, ack);
    this.unlisted += Math.max(ack.rejected - reasons.size, 0);
    if (reasons.size === 0) return;
    const lines = [...reasons].toSorted(([one], [other]) => one - other).map(([position, reason]) => lineOf(batch, position, reason));
    if (this.rows === 0) await mkdir(dirname(this.path), { recursive: true });
    this.rows += lines.length;
    const text = lines.join('');
    await appendFile(this.path, text);
    this.bytes += Buffer.byteLength(text);
  }
}

/** By position; what the service says goes before what is found here. */
function reasonsOf(batch: FileBatch, ack: PushAck): ReadonlyMap<number, Reason> {
  const reasons = new Map<number, Reason>();
  for (const { table, index, code, field, message } of ack.rejectedRows) {
    const reason = { table, code, field, message } as Reason;
    reasons.set(index, { ...reason, text: textAt(batch, index, reason) });
  }
  for (const row of batch.rejected) reasons.set(row.position, row);
  if (reasons.size === ack.rejected) return reasons;
  for (const row of [...objected('trades', batch.trades), ...objected('quotes', batch.quotes)]) {
    if (!reasons.has(row.position)) reasons.set(row.position, row);
  }
  return reasons;
}

/** What was sent: an answer says which row it means, and does not send it back. */
function textAt(batch: FileBatch, position: number, { table, code, field }: Reason): string | undefined {
  const columns = batch[table];
  const row = columns.sequence.indexOf(position);
  return row < 0 ? undefined : rejectedRow(table, columns, row, { code, field }).text;
}

function objected(table: 'trades' | 'quotes', columns: TradeColumns | QuoteColumns): readonly RejectedRow[] {
  const checks = new RowChecks(columns, { nowUs: 0, limits: ownLimits });
  const rows = Array.from({ length: columns.length }, (_, row) => row);
  return rows.flatMap((row) => {
    const objection = table === 'trades' ? checks.trade(row) : checks.quote(row);
    return objection ? [rejectedRow(table, columns, row, objection)] : [];
  });
}

function lineOf({ origins }: FileBatch, position: number, { table, code, field, message, text }: Reason): string {
  const line = { file: origins.path(position), line: origins.line(position), table, code, field, message, text };
  return `${JSON.stringify(line)}\n`;
}
