/** The rows of the ingest bench: recorded trades, read and admitted before any clock runs. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { leanFeed } from '@hindcast/feeds';
import { IdentityMemory, KnownTicks, admit, emptyAdmissionState } from '@hindcast/market';
import { systemClock } from '@hindcast/ports';
import { projectRoot } from '../../stack/settings.mjs';

/**
 * @typedef {import('@hindcast/market').TickBatch} TickBatch
 * @typedef {import('@hindcast/market').LoggedBatch} LoggedBatch
 * @typedef {object} RecordedTrades
 * @property {readonly TickBatch[]} batches as a replay pushes them
 * @property {readonly LoggedBatch[]} admitted the same after admission: what ends up in the store
 * @property {number} rows
 */

/** What one request of the drain carries. */
const pieceRows = 50_000;
const leanDir = join(resolve(projectRoot, process.env.HINDCAST_DATA || '../shared/data'), 'lean');

export function whyNoRecordedTrades() {
  return existsSync(leanDir) ? undefined : 'there are no recorded trades (HINDCAST_DATA)';
}

/**
 * Three days of four US stocks, or one day of one; quotes where they are asked for.
 * @param {{ batchRows: number, isSmall: boolean, symbols?: readonly string[], kinds?: readonly import('@hindcast/contracts').TickKind[] }} options
 * @returns {Promise<RecordedTrades>}
 */
export async function readRecordedTrades({
  batchRows,
  isSmall,
  symbols = isSmall ? ['AIG'] : ['SPY', 'IBM', 'BAC', 'AIG'],
  kinds = ['trades'],
}) {
  const feed = await leanFeed({
    dataDir: leanDir,
    symbols,
    fromDay: '2013-10-07',
    toDay: isSmall ? '2013-10-07' : '2013-10-09',
    kinds,
    batchRows,
    clock: systemClock,
  });
  const batches = [];
  for await (const batch of feed) batches.push(batch);
  const rows = batches.reduce((sum, { trades, quotes }) => sum + trades.length + quotes.length, 0);
  return { batches, admitted: admitAll(batches, rows), rows };
}

/**
 * The sides that the tick rule gives, and the sequences: what a log numbered from 1 makes of these batches.
 * @param {readonly TickBatch[]} batches
 * @param {number} rowsMax
 */
function admitAll(batches, rowsMax) {
  const memory = new IdentityMemory({ rowsMax });
  const limits = { maxAheadUs: 0, priceBands: new Map() };
  /** @type {LoggedBatch[]} */
  const admitted = [];
  let state = emptyAdmissionState;
  for (const batch of batches) {
    const number = admitted.length + 1;
    const known = new KnownTicks(memory, { ...batch, number }, (earlier) => /** @type {LoggedBatch} */ (admitted[earlier - 1]));
    const admission = admit(state, batch, { number, nowUs: systemClock.nowUs(), limits, known });
    state = admission.state;
    if (admission.hasContent) admitted.push(admission.batch);
  }
  return admitted;
}

/** As the drain hands batches to the store. @param {readonly import('@hindcast/market').LoggedBatch[]} batches */
export function* piecesOf(batches) {
  let piece = [];
  let rows = 0;
  for (const batch of batches) {
    const more = batch.trades.length + batch.quotes.length;
    if (rows > 0 && rows + more > pieceRows) {
      yield piece;
      piece = [];
      rows = 0;
    }
    piece.push(batch);
    rows += more;
  }
  if (rows > 0) yield piece;
}
