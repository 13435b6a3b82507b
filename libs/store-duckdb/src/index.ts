/**
 * The tick store inside the process: one DuckDB file an instrument, attached to one instance. Rows and how far the log is
 * applied are one transaction of a file, so that nothing is applied twice. What is written when, and in which thread it
 * all happens, is left to the services.
 */
export * from './duckdb-tick-store.js';
export { migrationsDirectory } from './file-schema.js';
export type { FileSize, FileStatistics } from './instrument-files.js';
export { keepEverything, shortMemory, type DroppedRows, type Retention, type RetentionRun } from './retention.js';
export { RemoteTickStore } from './remote-store.js';
export { sqlTables } from './sql-guard.js';
export { sqlTextMax, type SqlAnswer, type SqlQuestion } from './sql-questions.js';
export { serveStore } from './store-host.js';
