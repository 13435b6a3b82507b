-- One instrument's file: what QuestDB holds in tables with a symbol and a market in each row lies here in tables without,
-- because the file is the instrument's alone. All columns that ticks bring are of fixed width: a word that repeats is a
-- code into `words`, an id of digits is a number. The views below show the rows as QuestDB's tables do.

CREATE TABLE instrument (market VARCHAR NOT NULL, symbol VARCHAR NOT NULL);

-- Code 0 is the empty word and stands in no row here.
CREATE TABLE words (code UINTEGER NOT NULL, word VARCHAR NOT NULL);

-- The newest batch of each log whose rows are in this file, written in the transaction of the rows themselves.
CREATE TABLE applied (stream_id VARCHAR NOT NULL, number BIGINT NOT NULL, sequence BIGINT NOT NULL);

-- An id that is no number of at most 18 digits stands in id_text. side is 0 unknown, 1 bought, 2 sold.
CREATE TABLE trade_rows (
    timestamp TIMESTAMP,
    sequence BIGINT,
    exchange UINTEGER,
    id BIGINT,
    id_text VARCHAR,
    price DOUBLE,
    size DOUBLE,
    side UTINYINT,
    side_inferred BOOLEAN,
    late BOOLEAN,
    received_at TIMESTAMP,
    source UINTEGER,
    conditions UINTEGER
);

-- An absent side of the book is null, its size too.
CREATE TABLE quote_rows (
    timestamp TIMESTAMP,
    sequence BIGINT,
    exchange UINTEGER,
    id BIGINT,
    id_text VARCHAR,
    bid DOUBLE,
    bid_size DOUBLE,
    ask DOUBLE,
    ask_size DOUBLE,
    received_at TIMESTAMP,
    source UINTEGER,
    conditions UINTEGER
);

CREATE TABLE state_rows (
    timestamp TIMESTAMP,
    mass DOUBLE,
    velocity DOUBLE,
    momentum DOUBLE,
    friction DOUBLE,
    entropy DOUBLE,
    nash_dist DOUBLE,
    alpha_coefficient DOUBLE,
    regime UINTEGER,
    price DOUBLE,
    volume DOUBLE,
    signed_volume DOUBLE,
    trades BIGINT,
    mode UINTEGER
);

-- What trades that retention has dropped have left in bars. The first and the last trade are named by time and sequence,
-- so that late trades of a bar, which may come after, find their place in it.
CREATE TABLE bar_rows (
    interval_us BIGINT,
    timestamp TIMESTAMP,
    open DOUBLE,
    high DOUBLE,
    low DOUBLE,
    close DOUBLE,
    volume DOUBLE,
    notional DOUBLE,
    buy_volume DOUBLE,
    sell_volume DOUBLE,
    trades BIGINT,
    open_at TIMESTAMP,
    open_sequence BIGINT,
    close_at TIMESTAMP,
    close_sequence BIGINT
);

-- Rows that retention has dropped: the ledger goes on counting them.
CREATE TABLE retired (table_name VARCHAR, day DATE, dropped BIGINT);

CREATE VIEW trades AS
SELECT
    t.timestamp, i.symbol, t.sequence, i.market, e.word AS exchange, coalesce(t.id::VARCHAR, t.id_text) AS trade_id,
    t.price, t.size, CASE t.side WHEN 1 THEN 'B' WHEN 2 THEN 'S' END AS side, t.side_inferred, t.late,
    t.received_at, s.word AS source, c.word AS conditions
FROM trade_rows t
CROSS JOIN instrument i
LEFT JOIN words e ON e.code = t.exchange
LEFT JOIN words s ON s.code = t.source
LEFT JOIN words c ON c.code = t.conditions;

CREATE VIEW quotes AS
SELECT
    q.timestamp, i.symbol, q.sequence, i.market, e.word AS exchange, coalesce(q.id::VARCHAR, q.id_text) AS quote_id,
    q.bid, q.bid_size, q.ask, q.ask_size, q.received_at, s.word AS source, c.word AS conditions
FROM quote_rows q
CROSS JOIN instrument i
LEFT JOIN words e ON e.code = q.exchange
LEFT JOIN words s ON s.code = q.source
LEFT JOIN words c ON c.code = q.conditions;

CREATE VIEW market_states AS
SELECT
    s.timestamp, i.symbol, i.market, s.mass, s.velocity, s.momentum, s.friction, s.entropy, s.nash_dist,
    s.alpha_coefficient, r.word AS regime, s.price, s.volume, s.signed_volume, s.trades, m.word AS mode
FROM state_rows s
CROSS JOIN instrument i
LEFT JOIN words r ON r.code = s.regime
LEFT JOIN words m ON m.code = s.mode;
