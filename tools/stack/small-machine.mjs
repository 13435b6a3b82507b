/** With what one process is started where memory is short, so that it fits; what somebody has set stays as it is. */

/** Measured with the simulator's four hours of history; see docs/OPERATING.md#small-machines. */
const memoryWantedBytes = 1_000_000_000;
/** Enough for a few symbols, as measured under a bound of 512 MB. */
const heapLeastMegabytes = 192;
const heapShare = 0.35;
const duckDbBytes = 100_000_000;

/**
 * @typedef {object} LittleMemory
 * @property {Readonly<Record<string, string>>} env beside what is there
 * @property {string | undefined} told a sentence for whoever starts it; undefined where there is enough
 */

/**
 * @param {number} freeBytes
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {LittleMemory}
 */
export function forLittleMemory(freeBytes, env) {
  if (freeBytes >= memoryWantedBytes) return { env: {}, told: undefined };
  const free = `Only ${Math.round(freeBytes / 1_000_000)} MB of memory are free`;
  const heapMegabytes = Math.max(heapLeastMegabytes, Math.round((freeBytes * heapShare) / 1_000_000));
  const options = env.NODE_OPTIONS ?? '';
  const less = {
    ...(env.HINDCAST_FEED_HISTORY_HOURS ? {} : { HINDCAST_FEED_HISTORY_HOURS: '0' }),
    ...(env.HINDCAST_DUCKDB_MEMORY_BYTES_MAX ? {} : { HINDCAST_DUCKDB_MEMORY_BYTES_MAX: String(duckDbBytes) }),
    ...(options.includes('--max-old-space-size') ? {} : { NODE_OPTIONS: `${options} --max-old-space-size=${heapMegabytes}`.trim() }),
  };
  const named = Object.entries(less).map(([name, value]) => `${name}=${value}`);
  if (named.length === 0) return { env: {}, told: `${free}; docs/OPERATING.md#small-machines says what takes how much.` };
  return { env: less, told: `${free}: Hindcast starts with less, as ${named.join(' ')} would have it (docs/OPERATING.md#small-machines).` };
}

/**
 * Why it ended, where that is known: a process that is killed says nothing, and most often it was the system.
 * @param {string} event
 * @param {string | undefined} reason what it logged last
 */
export function withCause(event, reason) {
  const ended = /^ended with (exit code \d+|SIG[A-Z]+)/.exec(event)?.[0];
  if (ended === undefined) return event;
  const isKilled = ended.endsWith('SIGKILL');
  const cause = isKilled ? ', as the system does where memory is short (docs/OPERATING.md#small-machines)' : reason && ` (${reason})`;
  return `${ended}${cause ?? ''}${event.slice(ended.length)}`;
}
