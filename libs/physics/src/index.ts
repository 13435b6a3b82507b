/**
 * From a window of one-second bars to a physics state. Pure numbers in, pure numbers out: the same trades give the
 * same bits, however they were cut into batches.
 */
export * from './physics-state.js';
