/**
 * The market's memory: a state as a scale-free signature, what followed it, the moments of the past that were most alike,
 * and what they foretell, with how far to trust it. Pure numbers in, pure numbers out. Where memories are stored and who
 * asks for them is others' business.
 */
export * from './moments/moment-columns.js';
export * from './moments/moment-recorder.js';
export * from './outcomes/horizon.js';
export * from './outcomes/outcome-fold.js';
export * from './outcomes/outcome.js';
export * from './signature/components.js';
export * from './signature/session-seconds.js';
export * from './signature/signature-fold.js';
export * from './signature/signature-version.js';
