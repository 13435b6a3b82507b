/**
 * The market's own rules: what an instrument and a tick are, how ticks are let in, when a bar closes. Pure: times and
 * randomness are arguments, storage and transport are others' business.
 */
export * from './admission-state.js';
export * from './admission.js';
export * from './bars.js';
export * from './best-quotes.js';
export * from './calendar/trading-calendar.js';
export * from './calendar/wall-clock.js';
export * from './clocks.js';
export * from './codec/arrow-columns.js';
export * from './codec/logged-batch-codec.js';
export * from './codec/parse-arrow-ticks.js';
export * from './codec/table-codec.js';
export * from './codec/tick-codec.js';
export * from './column-builders.js';
export * from './columns.js';
export * from './cut-batch.js';
export * from './identity-memory.js';
export * from './identity.js';
export * from './instrument.js';
export * from './join-batches.js';
export * from './json-text.js';
export * from './known-ticks.js';
export * from './newest-rows.js';
export * from './parse-ndjson-ticks.js';
export * from './parse-ticks.js';
export * from './row-checks.js';
export * from './select-rows.js';
export * from './select-symbols.js';
export * from './sessions.js';
export * from './source.js';
export * from './tick-batch.js';
export * from './tick-rule.js';
