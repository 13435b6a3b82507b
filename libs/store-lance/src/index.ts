/**
 * The stores of vectors on LanceDB: `market_state_embeddings` as specs/001 defines it, and the market's memories with their
 * moments; one engine of exact and indexed search that says how it was done and keeps its indexes; and the migrator that
 * applies `migrations/lancedb/`.
 * It knows nothing of models and sentences (embedder-minilm, embedding) nor of when a state is due a vector (market-physics).
 */
export { LanceDirectory, type LanceOptions } from './lance-directory.js';
export { LanceMigrator, type LanceMigration, type LanceMigratorOptions } from './lance-migrator.js';
export { LanceMomentStore } from './lance-moment-store.js';
export { momentColumns } from './moment-rows.js';
export { LanceVectorStore, kMax } from './lance-vector-store.js';
export { vectorDimensions } from './market-state-embeddings.js';
