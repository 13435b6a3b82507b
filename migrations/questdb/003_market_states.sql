-- What state each instrument was in at the end of a bar. Written by market-physics alone. No column holds the time of
-- the wall clock: the same trades give the same rows, bit for bit, and two tables can be compared.

CREATE TABLE IF NOT EXISTS market_states (
    timestamp TIMESTAMP,
    symbol SYMBOL CAPACITY 256 CACHE,
    market SYMBOL CAPACITY 32 CACHE,
    mass DOUBLE,
    velocity DOUBLE,
    momentum DOUBLE,
    friction DOUBLE,
    entropy DOUBLE,
    nash_dist DOUBLE,
    alpha_coefficient DOUBLE,
    regime SYMBOL CAPACITY 4 CACHE,
    price DOUBLE,
    volume DOUBLE,
    signed_volume DOUBLE,
    trades LONG,
    mode SYMBOL CAPACITY 2 CACHE
) TIMESTAMP(timestamp) PARTITION BY DAY WAL
DEDUP UPSERT KEYS(timestamp, symbol, market);
