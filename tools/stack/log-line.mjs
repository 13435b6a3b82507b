/** Services log JSON for machines; the terminal of a stack shows the same lines for people. */

/** @type {Readonly<Record<number, string>>} */
const levelNames = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };
const fieldsLeftOut = new Set(['level', 'time', 'pid', 'hostname', 'name', 'service', 'msg', 'err']);

/**
 * `{"level":30,"rows":5,"msg":"batch stored"}` -> `info batch stored rows=5`; any other line stays as it is.
 * @param {string} line
 */
export function readableLine(line) {
  const entry = parsed(line);
  if (entry === undefined) return line;
  const level = typeof entry.level === 'number' ? (levelNames[entry.level] ?? entry.level) : entry.level;
  const fields = Object.entries(entry)
    .filter(([name]) => !fieldsLeftOut.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const error = /** @type {{ message?: unknown } | undefined} */ (entry.err)?.message;
  return [level, entry.msg, ...fields, error === undefined ? '' : `error="${error}"`]
    .filter((part) => part !== '' && part !== undefined)
    .join(' ');
}

/**
 * @param {string} line
 * @returns {Record<string, unknown> | undefined}
 */
function parsed(line) {
  if (!line.startsWith('{')) return undefined;
  try {
    const entry = JSON.parse(line);
    return typeof entry === 'object' && entry !== null && 'level' in entry ? entry : undefined;
  } catch {
    return undefined;
  }
}
