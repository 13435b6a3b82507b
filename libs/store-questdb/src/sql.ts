import { isoFromUs, maxTimeUs } from '@hindcast/contracts';

/**
 * A value inside a statement. The server's HTTP door takes no parameters, so every value of every statement goes
 * through here: text in single quotes with its quotes doubled, numbers in full, booleans as words.
 */
export function literal(value: string | number | boolean): string {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') {
    if (value.includes('\0')) throw new RangeError('text with a zero byte cannot stand in a statement');
    return `'${value.replaceAll("'", "''")}'`;
  }
  if (!Number.isSafeInteger(value))
    throw new RangeError(`${value} cannot stand in a statement: it is not a whole number that a double holds exactly`);
  return String(value);
}

/** An event time; clamped into the years that the server's calendar has, which no stored time lies beyond. */
export function timeLiteral(timeUs: number): string {
  return literal(isoFromUs(Math.min(Math.max(Math.ceil(timeUs), 0), maxTimeUs)));
}

export function literals(values: readonly string[]): string {
  return values.map(literal).join(', ');
}

/** Conditions joined by `AND`, with the word WHERE where there are any. */
export function where(conditions: readonly (string | undefined)[]): string {
  const given = conditions.filter((condition) => condition !== undefined);
  return given.length === 0 ? '' : ` WHERE ${given.join(' AND ')}`;
}
