/**
 * A tick log in another process: following it, and pushing batches into it, over tick_ingest.proto. Connections that
 * break are mended here. What is done with the batches, and the server's side, are others' business.
 */
export type { BackoffOptions } from './backoff.js';
export * from './grpc-log-follower.js';
export * from './grpc-pusher.js';
export { tickIngestClient } from './tick-ingest-client.js';
export type { PushAck, PushedRow, PushRequest, TradeDay } from './tick-ingest-client.js';
