-- The store's own file: what belongs to no instrument. A rejected row may name no symbol, or none that can be.

CREATE TABLE applied (stream_id VARCHAR NOT NULL, number BIGINT NOT NULL, sequence BIGINT NOT NULL);

-- Rows that were not let in: kind is the table that they were meant for, text what was sent.
CREATE TABLE rejected_ticks (
    received_at TIMESTAMP,
    stream_id VARCHAR,
    sequence BIGINT,
    kind VARCHAR,
    code VARCHAR,
    field VARCHAR,
    message VARCHAR,
    text VARCHAR,
    source VARCHAR
);
