-- What the market did, row by row. Written by tick-ingest alone, over the line protocol.
--
-- The order of the columns is part of the meaning: rows of one timestamp lie sorted by the key columns in the order in
-- which the table declares them, and first() and last() of every bar read them in that order. With sequence declared
-- before all other columns but the symbol, that is the order of arrival.

CREATE TABLE IF NOT EXISTS trades (
    timestamp TIMESTAMP,
    symbol SYMBOL CAPACITY 256 CACHE,
    sequence LONG,
    market SYMBOL CAPACITY 32 CACHE,
    exchange SYMBOL CAPACITY 32 CACHE,
    trade_id VARCHAR,
    price DOUBLE,
    size DOUBLE,
    side SYMBOL CAPACITY 2 CACHE,
    side_inferred BOOLEAN,
    late BOOLEAN,
    received_at TIMESTAMP,
    source SYMBOL CAPACITY 32 CACHE,
    conditions SYMBOL CAPACITY 256 CACHE
) TIMESTAMP(timestamp) PARTITION BY DAY WAL
DEDUP UPSERT KEYS(timestamp, symbol, sequence);

-- An absent side of the book is null, its size too.
CREATE TABLE IF NOT EXISTS quotes (
    timestamp TIMESTAMP,
    symbol SYMBOL CAPACITY 256 CACHE,
    sequence LONG,
    market SYMBOL CAPACITY 32 CACHE,
    exchange SYMBOL CAPACITY 32 CACHE,
    quote_id VARCHAR,
    bid DOUBLE,
    bid_size DOUBLE,
    ask DOUBLE,
    ask_size DOUBLE,
    received_at TIMESTAMP,
    source SYMBOL CAPACITY 32 CACHE,
    conditions SYMBOL CAPACITY 256 CACHE
) TIMESTAMP(timestamp) PARTITION BY DAY WAL
DEDUP UPSERT KEYS(timestamp, symbol, sequence);

-- Rows that were not let in: kind is the table that they were meant for, text what was sent.
CREATE TABLE IF NOT EXISTS rejected_ticks (
    received_at TIMESTAMP,
    stream_id SYMBOL CAPACITY 32 CACHE,
    sequence LONG,
    kind SYMBOL CAPACITY 2 CACHE,
    code SYMBOL CAPACITY 32 CACHE,
    field VARCHAR,
    message VARCHAR,
    text VARCHAR,
    source SYMBOL CAPACITY 32 CACHE
) TIMESTAMP(received_at) PARTITION BY DAY WAL
DEDUP UPSERT KEYS(received_at, stream_id, sequence);
