/**
 * The tick store on QuestDB: rows to bytes of the line protocol and over HTTP into its tables, its answers back into
 * columns, and the migrations that create the tables. When and what is written, what happens after a refusal, and how
 * long to wait for a server that is away is left to the services.
 */
export * from './ilp-encoder.js';
export { migrationsDirectory } from './migrations-directory.js';
export * from './questdb-http.js';
export * from './questdb-migrator.js';
export * from './questdb-monitor.js';
export { requiredTables } from './questdb-schema.js';
export * from './questdb-tick-store.js';
