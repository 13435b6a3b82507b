/** Counts of the recorded files, without anything of the services: what the store must hold, row for row. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dataDirectory, readLeanRows } from '@hindcast/testing';

const dayUs = 86_400_000_000;

/** `trades IBM 2013-10-07` (a UTC day) to its number of rows, of whichever files are there. */
export function recordedCounts({ symbols, days, kinds }) {
  const counts = {};
  for (const symbol of symbols) {
    for (const kind of kinds) {
      for (const day of days.map((date) => date.replaceAll('-', ''))) {
        if (!isRecorded({ symbol, day, kind })) continue;
        const rows = readLeanRows({ symbol, day, kind: kind.replace(/s$/, '') });
        for (const [utcDay, group] of Map.groupBy(rows, ({ timeUs }) => Math.floor(timeUs / dayUs))) {
          const cell = `${kind} ${symbol} ${new Date((utcDay * dayUs) / 1_000).toISOString().slice(0, 10)}`;
          counts[cell] = (counts[cell] ?? 0) + group.length;
        }
      }
    }
  }
  return counts;
}

function isRecorded({ symbol, day, kind }) {
  const file = `${day}_${kind.replace(/s$/, '')}.zip`;
  return existsSync(join(dataDirectory, 'lean/equity/usa/tick', symbol.toLowerCase(), file));
}

/** Cells that are not as they are in the files, as sentences. */
export function countFaults(stored, recorded) {
  const cells = [...new Set([...Object.keys(recorded), ...Object.keys(stored)])].toSorted();
  return cells
    .filter((cell) => stored[cell] !== recorded[cell])
    .map((cell) => `${cell}: ${stored[cell] ?? 0} rows in the store, ${recorded[cell] ?? 0} in the files`);
}
