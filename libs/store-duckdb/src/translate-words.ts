import type { StagedRows } from './staged-rows.js';

/**
 * Turns a piece's codes of words into a file's. Only the words that these rows use are asked for: what other instruments
 * of the piece bring is no business of this file.
 */
export async function translateWords(
  tables: readonly StagedRows[],
  words: readonly string[],
  codesOf: (words: readonly string[]) => Promise<Uint32Array>,
): Promise<void> {
  const codes = new Uint32Array(words.length);
  const columns = tables.flatMap((rows) => rows.columns.filter(({ kind }) => kind === 'code').map(({ values }) => ({ values, rows })));
  for (const { values, rows } of columns) for (let row = 0; row < rows.length; row++) codes[Number(values[row])] = 1;
  const used = words.flatMap((_, code) => (codes[code] === 1 ? [code] : []));
  (await codesOf(used.map((code) => words[code]))).forEach((code, at) => (codes[used[at]] = code));
  for (const { values, rows } of columns) for (let row = 0; row < rows.length; row++) values[row] = codes[Number(values[row])];
}
