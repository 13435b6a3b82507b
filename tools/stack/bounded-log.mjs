/** A log file that bounds itself: when it is full it becomes `.1`, the one before that is gone. */
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
  return {
    /** @param {string} line */
    write(line) {
      // The last words of a process may arrive after it has ended.
      if (!open) return;
      if (bytes >= bytesMax) {
        closeSync(descriptor);
        renameSync(file, `${file}.1`);
        descriptor = openSync(file, 'a');
        bytes = 0;
      }
      bytes += writeSync(descriptor, `${line}\n`);
    },
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}
