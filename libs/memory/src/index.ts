/**
 * The market's memory: a state as a scale-free signature, what followed it, the moments of the past that were most alike,
 * and what they foretell, with how far to trust it. Pure numbers in, pure numbers out. Where memories are stored and who
 * asks for them is others' business.
 */
export * from './base-memory.js';
export * from './forecast/adaptive-band.js';
export * from './forecast/distribution.js';
export * from './forecast/effective-size.js';
export * from './forecast/foretell.js';
export * from './forecast/local-weights.js';
export * from './forecast/permutation-test.js';
export * from './forecast/seeded-random.js';
export * from './forecast/verdict.js';
export * from './memory-definition.js';
export * from './moments/draw.js';
export * from './moments/instrument-moments.js';
export * from './moments/moment-columns.js';
export * from './moments/moment-recorder.js';
export * from './outcomes/horizon.js';
export * from './outcomes/outcome-fold.js';
export * from './outcomes/outcome.js';
export * from './outcomes/relative-outcomes.js';
export * from './search/candidates.js';
export * from './search/compare-stretches.js';
export * from './search/explain.js';
export * from './search/moment-vectors.js';
export * from './search/nearest.js';
export * from './search/nearest-apart.js';
export * from './search/path-search.js';
export * from './search/rank-fusion.js';
export * from './search/state-path-search.js';
export * from './signature/components.js';
export * from './signature/session-seconds.js';
export * from './signature/signature-fold.js';
export * from './signature/signature-version.js';
export * from './study/evaluate.js';
export * from './study/fit-memory.js';
export * from './study/folds.js';
export * from './study/forecasters.js';
export * from './study/html/skill-page.js';
export * from './study/memory-skill.js';
export * from './study/run-study.js';
export * from './study/scores.js';
export * from './study/skill-lines.js';
export * from './study/skill-report.js';
export * from './study/targets.js';
