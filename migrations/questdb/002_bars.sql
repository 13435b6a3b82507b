-- Bars over all trades, late ones included, by symbol and market, in UTC; each view is made of the finer one, so that a
-- late trade costs one second's bar anew and not a day's. buy_volume and sell_volume leave out trades without a side.
-- An UPDATE or DROP PARTITION on trades makes the whole chain invalid: refresh each view fully after one.

CREATE MATERIALIZED VIEW IF NOT EXISTS bars_1s WITH BASE trades REFRESH IMMEDIATE AS (
    SELECT
        timestamp, symbol, market,
        first(price) AS open, max(price) AS high, min(price) AS low, last(price) AS close,
        sum(size) AS volume,
        sum(price * size) / sum(size) AS vwap,
        sum(price * size) AS notional,
        sum(CASE WHEN side = 'B' THEN size ELSE 0.0 END) AS buy_volume,
        sum(CASE WHEN side = 'S' THEN size ELSE 0.0 END) AS sell_volume,
        count() AS trades
    FROM trades
    SAMPLE BY 1s
) PARTITION BY DAY;

CREATE MATERIALIZED VIEW IF NOT EXISTS bars_1m WITH BASE bars_1s REFRESH IMMEDIATE AS (
    SELECT
        timestamp, symbol, market,
        first(open) AS open, max(high) AS high, min(low) AS low, last(close) AS close,
        sum(volume) AS volume,
        sum(notional) / sum(volume) AS vwap,
        sum(notional) AS notional,
        sum(buy_volume) AS buy_volume,
        sum(sell_volume) AS sell_volume,
        sum(trades) AS trades
    FROM bars_1s
    SAMPLE BY 1m
) PARTITION BY DAY;

CREATE MATERIALIZED VIEW IF NOT EXISTS bars_1h WITH BASE bars_1m REFRESH IMMEDIATE AS (
    SELECT
        timestamp, symbol, market,
        first(open) AS open, max(high) AS high, min(low) AS low, last(close) AS close,
        sum(volume) AS volume,
        sum(notional) / sum(volume) AS vwap,
        sum(notional) AS notional,
        sum(buy_volume) AS buy_volume,
        sum(sell_volume) AS sell_volume,
        sum(trades) AS trades
    FROM bars_1m
    SAMPLE BY 1h
) PARTITION BY MONTH;

CREATE MATERIALIZED VIEW IF NOT EXISTS bars_1d WITH BASE bars_1h REFRESH IMMEDIATE AS (
    SELECT
        timestamp, symbol, market,
        first(open) AS open, max(high) AS high, min(low) AS low, last(close) AS close,
        sum(volume) AS volume,
        sum(notional) / sum(volume) AS vwap,
        sum(notional) AS notional,
        sum(buy_volume) AS buy_volume,
        sum(sell_volume) AS sell_volume,
        sum(trades) AS trades
    FROM bars_1h
    SAMPLE BY 1d
) PARTITION BY YEAR;

-- The perpetual table of 001, for imported and finished days; date is the day's midnight UTC. (001 declares date as
-- DATE, which cannot be a table's designated timestamp, and volume as LONG, which cannot hold fractions of a coin.)
CREATE TABLE IF NOT EXISTS ohlcv_1d (
    date TIMESTAMP,
    symbol SYMBOL CAPACITY 10000 CACHE,
    market SYMBOL CAPACITY 32 CACHE,
    open DOUBLE,
    high DOUBLE,
    low DOUBLE,
    close DOUBLE,
    volume DOUBLE
) TIMESTAMP(date) PARTITION BY MONTH WAL
DEDUP UPSERT KEYS(date, symbol, market);
