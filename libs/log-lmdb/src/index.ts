/**
 * The tick log on lmdb: batches under ascending numbers, and beside them, in the same transactions, what admission and
 * the ledger must know after a restart. It decides nothing: what may be trimmed, and when, is its owner's business. What a
 * write of lmdb's wants against a full disk is for others too that keep something in lmdb.
 */
export * from './disk-room.js';
export * from './lmdb-log-reader.js';
export * from './lmdb-tick-log.js';
export { reasonOf } from './log-failure.js';
