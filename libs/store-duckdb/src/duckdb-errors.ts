import { HindcastError, type ErrorCode } from '@hindcast/contracts';

/** What DuckDB's own words mean for whoever waits. The first that fits counts. */
const meanings: readonly (readonly [RegExp, ErrorCode])[] = [
  [/could not set lock|conflicting lock|being used by another process/i, 'STORE_LOCKED'],
  [/no space left|not enough space|file too large|disk quota|read-only file system|permission denied|out of memory/i, 'STORE_AWAY'],
  [/not a valid duckdb database|corrupt|checksum|serialization error|deserializ|could not read|version number|wal file/i, 'STORE_DAMAGED'],
];

/** What a person can do something about, before DuckDB's own words. */
const plainWords: readonly (readonly [RegExp, string])[] = [
  [/no space left|not enough space|disk quota/i, 'its disk has no room'],
  [/read-only file system|permission denied/i, 'it cannot be written'],
];

/** DuckDB goes on no longer after one of these: the whole instance has to be opened anew. */
const fatal = /^FATAL Error|database has been invalidated/im;

function isPlainError(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && (error as Error).name === 'Error';
}

/** A failure of DuckDB with the code that callers branch on; `what` is what was being done, in words. */
export function storeError(what: string, cause: unknown): HindcastError {
  if (cause instanceof HindcastError) return cause;
  // A TypeError and its like are bugs of ours.
  if (!isPlainError(cause)) throw cause;
  const { message } = cause;
  const code = meanings.find(([pattern]) => pattern.test(message))?.[1] ?? (fatal.test(message) ? 'STORE_AWAY' : 'STORE_REFUSED');
  const plain = plainWords.find(([pattern]) => pattern.test(message))?.[1];
  const words = rootOf(message);
  return new HindcastError(code, `${what}: ${plain === undefined ? words : `${plain} (${words})`}`, { cause });
}

/** In one line, and where DuckDB tells what followed from what, the beginning of it all. */
function rootOf(message: string): string {
  const [, root = message] = /Original error: (.*)$/s.exec(message) ?? [];
  return root.trim().replace(/\s+/g, ' ');
}
