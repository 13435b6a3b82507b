/** `POST /v1/sql` of a process that holds every service. */
export interface SqlAnswerDto {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** In the order of the columns. Times are ISO 8601; whole numbers that a double does not hold are text. */
  readonly rows: readonly (readonly unknown[])[];
  /** There were more rows, or larger ones, than an answer holds. */
  readonly truncated: boolean;
  readonly instruments: number;
  readonly elapsed_ms: number;
}
