/**
 * The seven things that a service needs from the world. Services are written against these; which technology answers
 * is decided where a process is put together. One conformance suite a port runs against every adapter.
 * Beside them stands what all adapters do alike: queues of subscriptions, and which migrations are due, spans that touch.
 */
export * from './bus.js';
export * from './clock.js';
export * from './embedder.js';
export * from './joined-spans.js';
export * from './migrations.js';
export * from './moment-store.js';
export * from './second-windows.js';
export * from './subscription-queue.js';
export * from './tick-log.js';
export * from './tick-store.js';
export * from './vector-question.js';
export * from './vector-store.js';
