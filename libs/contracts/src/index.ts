/**
 * What crosses a process boundary: error codes, messages, keys, channels and the way times are written.
 * It knows no rule of the market and no technology; everybody may import it, it imports nothing.
 */
export * from './agents.js';
export * from './errors.js';
export * from './feeds.js';
export * from './ingest.js';
export * from './memory.js';
export * from './monitoring.js';
export * from './redis.js';
export * from './replays.js';
export * from './similar.js';
export * from './sql.js';
export * from './states.js';
export * from './time.js';
