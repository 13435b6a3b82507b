import { setImmediate as turn } from 'node:timers/promises';
import { numberOfSequence, rowsOf, type LoggedBatch } from '@hindcast/market';
import { rowName, type StoredCell, type TickLog } from '@hindcast/ports';
import { progressOf } from '../drain/stored-progress.js';

export interface Resent {
  /** Batches that the log holds and the store is sent again. */
  readonly batches: number;
  readonly rows: number;
}

/** Batches counted between two turns of the event loop. */
const batchesATurn = 16;

/**
 * Takes the ledger back to before the oldest batch that the log holds, as if the store had never shown any of them. What is
 * no longer in the log stays counted as stored: only the store, or a source, can give it back. Nobody may store or trim
 * meanwhile.
 */
export async function forgetStored(log: TickLog): Promise<Resent> {
  const { firstNumber } = log.position();
  const { storedThroughNumber } = log.progress();
  const quarantined = log.quarantine().filter(({ sequence }) => numberOfSequence(sequence) >= firstNumber);
  const skip = new Set(quarantined.map(({ table, sequence }) => rowName(table, sequence)));
  const cells = new Map<string, StoredCell>();
  let rows = 0;
  for (let from = firstNumber; from <= storedThroughNumber; from += batchesATurn) {
    const batches = heldBatches(log, from, Math.min(from + batchesATurn - 1, storedThroughNumber));
    for (const cell of progressOf({ batches, skip, quarantined: [] }).stored) add(cells, cell);
    rows += batches.reduce((sum, batch) => sum + rowsOf(batch), 0);
    await turn();
  }
  await log.forgetStored({ throughNumber: firstNumber - 1, stored: [...cells.values()], quarantined });
  return { batches: Math.max(0, storedThroughNumber - firstNumber + 1), rows };
}

function heldBatches(log: TickLog, from: number, through: number): readonly LoggedBatch[] {
  return Array.from({ length: through - from + 1 }, (_, at) => {
    const batch = log.read(from + at);
    if (!batch) throw new Error(`batch ${from + at} is held and cannot be read`);
    return batch;
  });
}

function add(cells: Map<string, StoredCell>, cell: StoredCell): void {
  const key = `${cell.table} ${cell.market} ${cell.symbol} ${cell.day}`;
  cells.set(key, { ...cell, rows: cell.rows + (cells.get(key)?.rows ?? 0) });
}
