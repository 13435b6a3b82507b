import { BIGINT, BOOLEAN, DOUBLE, TIMESTAMP, UINTEGER, UTINYINT, VARCHAR, type DuckDBType } from '@duckdb/node-api';

/** How a column lies in memory on its way into a chunk, which is how DuckDB has it: nothing is converted there. */
export type ColumnKind = 'time' | 'long' | 'double' | 'byte' | 'flag' | 'code' | 'text';

export const columnTypes: Readonly<Record<ColumnKind, DuckDBType>> = {
  time: TIMESTAMP,
  long: BIGINT,
  double: DOUBLE,
  byte: UTINYINT,
  flag: BOOLEAN,
  code: UINTEGER,
  text: VARCHAR,
};

/** The columns of a table in the order in which its migration declares them. */
export interface TableLayout {
  readonly table: string;
  readonly columns: readonly (readonly [name: string, kind: ColumnKind])[];
}

const identity = [
  ['timestamp', 'time'],
  ['sequence', 'long'],
  ['exchange', 'code'],
  ['id', 'long'],
  ['id_text', 'text'],
] as const;

const origin = [
  ['received_at', 'time'],
  ['source', 'code'],
  ['conditions', 'code'],
] as const;

export const tradeLayout = {
  table: 'trade_rows',
  columns: [...identity, ['price', 'double'], ['size', 'double'], ['side', 'byte'], ['side_inferred', 'flag'], ['late', 'flag'], ...origin],
} as const satisfies TableLayout;

export const quoteLayout = {
  table: 'quote_rows',
  columns: [...identity, ['bid', 'double'], ['bid_size', 'double'], ['ask', 'double'], ['ask_size', 'double'], ...origin],
} as const satisfies TableLayout;

export const stateLayout = {
  table: 'state_rows',
  columns: [
    ['timestamp', 'time'],
    ['mass', 'double'],
    ['velocity', 'double'],
    ['momentum', 'double'],
    ['friction', 'double'],
    ['entropy', 'double'],
    ['nash_dist', 'double'],
    ['alpha_coefficient', 'double'],
    ['regime', 'code'],
    ['price', 'double'],
    ['volume', 'double'],
    ['signed_volume', 'double'],
    ['trades', 'long'],
    ['mode', 'code'],
  ],
} as const satisfies TableLayout;

export const barLayout = {
  table: 'bar_rows',
  columns: [
    ['interval_us', 'long'],
    ['timestamp', 'time'],
    ['open', 'double'],
    ['high', 'double'],
    ['low', 'double'],
    ['close', 'double'],
    ['volume', 'double'],
    ['notional', 'double'],
    ['buy_volume', 'double'],
    ['sell_volume', 'double'],
    ['trades', 'long'],
    ['open_at', 'time'],
    ['open_sequence', 'long'],
    ['close_at', 'time'],
    ['close_sequence', 'long'],
  ],
} as const satisfies TableLayout;

export const rejectedLayout = {
  table: 'rejected_ticks',
  columns: [
    ['received_at', 'time'],
    ['stream_id', 'text'],
    ['sequence', 'long'],
    ['kind', 'text'],
    ['code', 'text'],
    ['field', 'text'],
    ['message', 'text'],
    ['text', 'text'],
    ['source', 'text'],
  ],
} as const satisfies TableLayout;
