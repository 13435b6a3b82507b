/**
 * From a window of one-second bars to a physics state. Pure numbers in, pure numbers out: the same trades give the
 * same bits, however they were cut into batches. Which trades are late, where the clock stands and where bars and
 * states are kept is decided by others.
 */
export * from './bar-series.js';
export * from './compute-state.js';
export * from './instrument-window.js';
export * from './physics-state.js';
export * from './snapshot-window.js';
export * from './state-json.js';
export { alphaMax, alphaMin, hillTailIndex, regimeOf, tailReturnsMin } from './tail-index.js';
