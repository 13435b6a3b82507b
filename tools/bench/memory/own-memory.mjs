import { readFileSync } from 'node:fs';

/** Memory that is a process's own, pages of mapped files left out. @param {number} pid */
export function ownMegabytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(status) ?? [];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status names no RssAnon`);
  return Number(kilobytes) / 1_024;
}
