import type { InstrumentFile } from './instrument-files.js';
import { literal } from './sql.js';
import { sqlTables, type SqlTable } from './sql-guard.js';

/** What a table has where no instrument has a file yet. */
const columns: Readonly<Record<SqlTable, string>> = {
  trades:
    'timestamp TIMESTAMP, symbol VARCHAR, sequence BIGINT, market VARCHAR, exchange VARCHAR, trade_id VARCHAR, price DOUBLE, size DOUBLE, side VARCHAR, side_inferred BOOLEAN, late BOOLEAN, received_at TIMESTAMP, source VARCHAR, conditions VARCHAR',
  quotes:
    'timestamp TIMESTAMP, symbol VARCHAR, sequence BIGINT, market VARCHAR, exchange VARCHAR, quote_id VARCHAR, bid DOUBLE, bid_size DOUBLE, ask DOUBLE, ask_size DOUBLE, received_at TIMESTAMP, source VARCHAR, conditions VARCHAR',
  bars_1m:
    'timestamp TIMESTAMP, symbol VARCHAR, market VARCHAR, open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, volume DOUBLE, vwap DOUBLE, buy_volume DOUBLE, sell_volume DOUBLE, trades BIGINT',
  market_states:
    'timestamp TIMESTAMP, symbol VARCHAR, market VARCHAR, mass DOUBLE, velocity DOUBLE, momentum DOUBLE, friction DOUBLE, entropy DOUBLE, nash_dist DOUBLE, alpha_coefficient DOUBLE, regime VARCHAR, price DOUBLE, volume DOUBLE, signed_volume DOUBLE, trades BIGINT, mode VARCHAR',
};

/** Statements that make the tables of a question, of these files and for one connection alone. */
export function viewStatements(files: readonly InstrumentFile[]): readonly string[] {
  return sqlTables.map((table) => {
    const parts = files.map((file) => (table === 'bars_1m' ? minuteBars(file) : ofInstrument(file, table)));
    return parts.length === 0
      ? `CREATE TEMP TABLE ${table} (${columns[table]})`
      : `CREATE TEMP VIEW ${table} AS ${parts.map((part) => `(${part})`).join(' UNION ALL BY NAME ')}`;
  });
}

/** Symbol and market as constants, so that a condition on them leaves out the files of all others. */
function ofInstrument({ instrument, file }: InstrumentFile, table: SqlTable): string {
  const { symbol, market } = instrument;
  return `SELECT * REPLACE (${literal(symbol)} AS symbol, ${literal(market)} AS market) FROM ${file.table(table)}`;
}

const minuteUs = 60_000_000;

/**
 * Bars of a minute, of the trades that are there and of what retention has left of others: as `/v1/bars` has them, but that
 * sums are added in the order in which DuckDB's threads come.
 */
function minuteBars({ instrument: { symbol, market }, file }: InstrumentFile): string {
  return `
    SELECT timestamp, ${literal(symbol)} AS symbol, ${literal(market)} AS market,
      arg_min(open, (open_at, open_sequence)) AS open, max(high) AS high, min(low) AS low,
      arg_max(close, (close_at, close_sequence)) AS close, sum(volume) AS volume, sum(notional) / sum(volume) AS vwap,
      sum(buy_volume) AS buy_volume, sum(sell_volume) AS sell_volume, sum(trades)::BIGINT AS trades
    FROM (
      SELECT make_timestamp((epoch_us(t.timestamp) // ${minuteUs}) * ${minuteUs}) AS timestamp,
        arg_min(price, (t.timestamp, sequence)) AS open, max(price) AS high, min(price) AS low,
        arg_max(price, (t.timestamp, sequence)) AS close, sum(size) AS volume, sum(price * size) AS notional,
        coalesce(sum(size) FILTER (side = 1), 0) AS buy_volume, coalesce(sum(size) FILTER (side = 2), 0) AS sell_volume,
        count(*) AS trades, min(t.timestamp) AS open_at, arg_min(sequence, (t.timestamp, sequence)) AS open_sequence,
        max(t.timestamp) AS close_at, arg_max(sequence, (t.timestamp, sequence)) AS close_sequence
      FROM ${file.table('trade_rows')} t GROUP BY 1
      UNION ALL BY NAME
      SELECT * EXCLUDE (interval_us) FROM ${file.table('bar_rows')} WHERE interval_us = ${minuteUs}
    ) GROUP BY timestamp`;
}
