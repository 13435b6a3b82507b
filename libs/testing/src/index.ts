/**
 * What tests share: conformance suites of the ports, generators of ticks and batches, and real servers of their own.
 * Libraries and apps import it in specs only; it decides nothing that runs in production.
 */
export * from './held-moments.js';
export * from './lean-trades.js';
export * from './local-servers/index.js';
export { busConformance, type BusUnderTest } from './bus-conformance.js';
export { embedderConformance } from './embedder-conformance.js';
export { clusteredRows, embeddingMetadata, embeddingRow, unitVector, type ClusteredRowsOptions } from './embedding-rows.js';
export { failureOf, GrpcCaller, type GrpcFailure, type GrpcMethod } from './grpc-caller.js';
export { grpcDoorConformance } from './grpc-door-conformance.js';
export { HashEmbedder } from './hash-embedder.js';
export { logFollowerConformance } from './log-follower-conformance.js';
export { batchContent, logBatch, logWrite } from './log-writes.js';
export { seededRandom } from './seeded-random.js';
export { selfSignedCertificate, type SelfSigned } from './self-signed-certificate.js';
export * from './moment-rows.js';
export * from './moment-store-conformance.js';
export { vectorStoreConformance, type VectorStoreUnderTest } from './vector-store-conformance.js';
export * from './source-process.js';
export * from './tick-arbitraries.js';
export * from './tick-log-conformance.js';
export * from './tick-rows.js';
export * from './tick-store-conformance.js';
export { someQuotes, someTrades, startUs, tradesOf, until, writeAndAwait } from './tick-store-scenes.js';
export * from './documented-answers.js';
