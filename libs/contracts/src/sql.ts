/** `POST /v1/sql` of a process that holds every service: one question, of the instruments named or of all. */
export interface SqlRequestDto {
  readonly sql: string;
  readonly symbols?: readonly string[];
  readonly market?: string;
  /** Rows of the answer at most. */
  readonly limit: number;
}

/** What it answers. */
export interface SqlAnswerDto {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** In the order of the columns. Times are ISO 8601; whole numbers that a double does not hold are text. */
  readonly rows: readonly (readonly unknown[])[];
  /** There were more rows, or larger ones, than an answer holds. */
  readonly truncated: boolean;
  readonly instruments: number;
  readonly elapsed_ms: number;
}
