/**
 * The market's own rules: what an instrument and a tick are, how ticks are let in, when a bar closes. Pure: times and
 * randomness are arguments, storage and transport are others' business.
 */
export * from './bars.js';
export * from './columns.js';
export * from './instrument.js';
export * from './sessions.js';
export * from './tick-batch.js';
