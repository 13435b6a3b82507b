import { loadConfig, wholeNumber, type Config, type Environment } from '@hindcast/service-kit';
import type { z } from 'zod';

export const broadcasterShape = {
  /** How often a subscriber hears from us at least. */
  broadcastHeartbeatMs: wholeNumber({ min: 100, max: 600_000 }).default(15_000),
  /** Subscribers at once, WebSocket, SSE and gRPC together. */
  broadcastClientsMax: wholeNumber({ min: 1, max: 100_000 }).default(1_000),
  /** Subscribers at once from one address; those on this machine have one, and those behind a proxy the proxy's. */
  broadcastClientsPerAddressMax: wholeNumber({ min: 1, max: 100_000 }).default(500),
  /** Symbols that one subscriber may name, those of all events together; `*` counts as one. */
  broadcastSubscriptionsMax: wholeNumber({ min: 1, max: 100_000 }).default(2_000),
  /** What may wait for one subscriber; above it, it is slow and gets the newest state of each symbol only. */
  broadcastSlowBytes: wholeNumber({ min: 1_024, max: 1_073_741_824 }).default(1_048_576),
} satisfies z.ZodRawShape;

export type BroadcasterConfig = Config<typeof broadcasterShape>;

export function readConfig(env?: Environment): BroadcasterConfig {
  return loadConfig(broadcasterShape, env);
}
