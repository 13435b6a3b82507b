import type { DuckDBConnection } from '@duckdb/node-api';
import type { TickRange } from '@hindcast/ports';
import { askRows } from './ask-rows.js';
import { timeLiteral, whole } from './sql.js';

/** A part of a range, and how many rows it is expected to hold. */
export interface Slice {
  readonly fromUs: number;
  readonly toUs: number;
  readonly rows: number;
}

/** Slots of the histogram for each slice that will be made of them: the fuller slots are, the less even slices get. */
const slotsPerSlice = 16;

/**
 * Cuts a range into slices of about so many rows, by counting them in slots of time: one column is read, where a page that
 * begins where the last one ended would sort all that follows it each time. A slot with more rows than that stays one.
 */
export async function slicesOf(reader: DuckDBConnection, table: string, range: TickRange, rowsMax: number): Promise<readonly Slice[]> {
  const { fromUs, toUs } = range;
  const within = `timestamp >= ${timeLiteral(fromUs)} AND timestamp < ${timeLiteral(toUs)}`;
  const [[rows, firstUs, lastUs]] = await askRows<[number, number, number]>(
    reader,
    `SELECT count(*)::DOUBLE, epoch_us(min(timestamp))::DOUBLE, epoch_us(max(timestamp))::DOUBLE FROM ${table} WHERE ${within}`,
  );
  if (rows === 0) return [];
  if (rows <= rowsMax) return [{ fromUs: firstUs, toUs: lastUs + 1, rows }];
  const slotUs = Math.max(1, Math.ceil((lastUs + 1 - firstUs) / (Math.ceil(rows / rowsMax) * slotsPerSlice)));
  const slots = await askRows<[number, number]>(
    reader,
    `SELECT ((epoch_us(timestamp) - ${whole(firstUs)}) // ${whole(slotUs)})::DOUBLE AS slot, count(*)::DOUBLE FROM ${table} ` +
      `WHERE ${within} GROUP BY slot ORDER BY slot`,
  );
  return joined(slots, rowsMax).map(([from, to, ofSlice]) => ({
    fromUs: firstUs + from * slotUs,
    toUs: Math.min(firstUs + (to + 1) * slotUs, lastUs + 1),
    rows: ofSlice,
  }));
}

/** Neighbouring slots together as long as they stay below the bound: first slot, last slot, rows. */
function joined(slots: readonly (readonly [number, number])[], rowsMax: number): readonly [number, number, number][] {
  const slices: [number, number, number][] = [];
  for (const [slot, rows] of slots) {
    const last = slices.at(-1);
    if (last && last[2] + rows <= rowsMax) [last[1], last[2]] = [slot, last[2] + rows];
    else slices.push([slot, slot, rows]);
  }
  return slices;
}
