/**
 * The tick log on lmdb: batches under ascending numbers, and beside them, in the same transactions, what admission and
 * the ledger must know after a restart. It decides nothing: what may be trimmed, and when, is its owner's business.
 */
export * from './lmdb-log-reader.js';
export * from './lmdb-tick-log.js';
