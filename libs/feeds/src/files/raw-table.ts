/** Rows of a file as words, in the order of the file: what is left of it once its container is opened. */
export interface RawBlock {
  readonly length: number;
  /** Line of a text, else row, from 1; it may be longer than the block. */
  readonly lines: Float64Array;
  /** Cells by column; the empty word where there is none. */
  readonly columns: readonly (readonly string[])[];
  /** Rows that are no row of the table, and why; their cells are empty. */
  readonly faults: ReadonlyMap<number, string>;
  /** A row as it stands in the file. */
  readonly text: (row: number) => string;
}

export type Container = 'text' | 'parquet' | 'arrow';

/** Some table in a file, whatever it means. */
export interface RawTable {
  readonly path: string;
  readonly container: Container;
  /** Names of the columns; numbers from 1 where the file names none. */
  readonly columns: readonly string[];
  readonly isNamed: boolean;
  /** What lies packed beside it and is not read. */
  readonly beside?: string | undefined;
  /** Of the columns asked for, others stay empty; closing the iterator closes the file. */
  blocks(columns: readonly number[]): AsyncGenerator<RawBlock>;
}

/** Rows of a block: reading is awaited once a block. */
export const blockRows = 2_048;
