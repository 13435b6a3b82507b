/** Text inside a statement that takes no parameters, such as ATTACH. */
export function literal(text: string): string {
  if (text.includes('\0')) throw new RangeError('text with a zero byte cannot stand in a statement');
  return `'${text.replaceAll("'", "''")}'`;
}

/** A whole number inside a statement. */
export function whole(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number that a double holds exactly`);
  return String(value);
}

/** A time as a constant that statistics of the files are held against; clamped into what a number holds exactly. */
export function timeLiteral(timeUs: number): string {
  return `make_timestamp(${whole(Math.min(Math.max(Math.ceil(timeUs), 0), Number.MAX_SAFE_INTEGER))})`;
}
