import { HindcastError } from '@hindcast/contracts';

/**
 * A failure inside Lance as one of ours. Whatever is in the store can be made again from stored ticks and states, so the
 * advice for a directory that does not open is to remove it: after a power loss the newest manifest may be empty, and
 * Lance has no repair for that.
 */
export function vectorStoreError(doing: string, uri: string, cause: unknown): HindcastError {
  if (cause instanceof HindcastError) return cause;
  if (isTableMissing(cause)) {
    return new HindcastError('SCHEMA_MISSING', `${doing}: the table is missing in ${uri}. Run \`npx hindcast migrate up\`.`, { cause });
  }
  return new HindcastError(
    'VECTOR_STORE_AWAY',
    `${doing} failed in ${uri}: ${firstLine(wordsOf(cause))} If its files are damaged, remove ${uri}, run \`npx hindcast migrate up\`, \`npx hindcast physics rebuild\` and \`npx hindcast memory build\`: all of it is made again from what the tick store holds.`,
    { cause },
  );
}

/** For the moment in which a migration renames two directories a reader finds none, or none of its files: `carry-table.ts`. */
export function isTableChangingPlaces(cause: unknown): boolean {
  return isTableMissing(cause) || /Not found: \S*\.lance\//.test(wordsOf(cause));
}

/** Lance has no codes for its errors. */
export function isTableMissing(cause: unknown): boolean {
  return /^Table '[^']*' was not found/.test(wordsOf(cause));
}

function wordsOf(cause: unknown): string {
  return String(cause).replace(/^Error: /, '');
}

/** Lance appends its own source positions and backtraces. */
function firstLine(words: string): string {
  const [line = ''] = words.split('\n');
  return line.endsWith('.') ? line : `${line}.`;
}
