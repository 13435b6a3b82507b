/**
 * A log file that bounds itself: when it is full it becomes `.1`, the one before that is gone. Lines that the disk does not
 * take are counted and dropped: a full disk must not end whoever keeps everybody else running.
 */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export const logBytesMax = 8 * 1024 * 1024;

/**
 * @param {string} file
 * @param {{ bytesMax?: number }} [options]
 */
export function openBoundedLog(file, { bytesMax = logBytesMax } = {}) {
  mkdirSync(dirname(file), { recursive: true });
  let descriptor = openSync(file, 'a');
  let bytes = fstatSync(descriptor).size;
  let open = true;
  let linesLost = 0;

  function turnOver() {
    const next = `${file}.next`;
    // Opened before the old one is given up: there is a file to write to at every moment.
    const fresh = openSync(next, 'w');
    renameSync(file, `${file}.1`);
    renameSync(next, file);
    closeSync(descriptor);
    descriptor = fresh;
    bytes = 0;
  }

  return {
    /** @param {string} line */
    write(line) {
      // The last words of a process may arrive after it has ended.
      if (!open) return;
      try {
        if (bytes >= bytesMax) turnOver();
        const gap = linesLost === 0 ? '' : `(${linesLost} lines before this one could not be written)\n`;
        bytes += writeSync(descriptor, `${gap}${line}\n`);
        linesLost = 0;
      } catch {
        linesLost += 1;
      }
    },
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}
