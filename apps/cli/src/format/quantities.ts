const wholeNumbers = new Intl.NumberFormat('en-US');

/** `3752256` -> `3,752,256`, in the same way on every machine. */
export function whole(count: number): string {
  return wholeNumbers.format(Math.round(count));
}

export function percent(part: number): string {
  return `${(Math.floor(part * 1000) / 10).toFixed(1)} %`;
}

/** `75` -> `1 min 15 s`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  return `${Math.floor(rounded / 3600)} h ${Math.floor((rounded % 3600) / 60)} min`;
}

export function bar(part: number, width = 24): string {
  const filled = Math.round(Math.min(Math.max(part, 0), 1) * width);
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]`;
}

/** Few digits for people: `0.0123456` -> `0.0123`. */
export function figure(value: number | null | undefined, digits = 4): string {
  return value === null || value === undefined ? '-' : value.toFixed(digits);
}

/** `1536` -> `1.5 KB`; steps of 1,000, as disks are sold. */
export function bytes(count: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
  const step = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  return `${(count / 1_000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`;
}
