import { readFileSync } from 'node:fs';

const ticksPerSecond = 100;

/**
 * Milliseconds of CPU that a process has used so far, all of its threads together; undefined where the system does not say.
 * @param {number} pid
 */
export function cpuMsOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold blanks; user and system time are the 14th and 15th field.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
  } catch {
    return undefined;
  }
}
