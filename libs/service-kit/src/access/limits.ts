import { z } from 'zod';
import { wholeNumber } from '../fields.js';

/** Every bound of a door that has a name of its own; what an app bounds besides stands in its own configuration. */
export const limitsShape = {
  /** Requests, calls and upgrades a second of one API key, or of one address where no key is sent; above it 429 RATE_LIMITED. */
  requestsPerSecondMax: wholeNumber({ min: 1, max: 1_000_000 }).default(10_000),
  /** Connections of one HTTP or gRPC port at once; above it the connection is closed, where HTTP is plain after 503 CONNECTIONS_FULL. */
  connectionsMax: wholeNumber({ min: 1, max: 1_000_000 }).default(16_384),
  /** Connections of one address at once, those of this machine excepted; likewise. */
  connectionsPerAddressMax: wholeNumber({ min: 1, max: 1_000_000 }).default(1_024),
  /** A connection that has sent no whole header by then is closed: an idle one, and one that dribbles. */
  headersTimeoutMs: wholeNumber({ min: 100, max: 600_000 }).default(10_000),
  /** A request that has not arrived whole by then is answered 408, and closed. */
  requestTimeoutMs: wholeNumber({ min: 100, max: 600_000 }).default(30_000),
  /** A connection without a request for so long is closed; a load balancer in front should close sooner. */
  keepAliveTimeoutMs: wholeNumber({ min: 100, max: 3_600_000 }).default(72_000),
  /** Calls at once of one gRPC connection; further ones wait on the other side. */
  grpcStreamsMax: wholeNumber({ min: 1, max: 100_000 }).default(1_000),
  /** How often a quiet gRPC connection is asked whether it is still there; one that does not answer within 10 s is closed. */
  grpcKeepaliveMs: wholeNumber({ min: 1_000, max: 3_600_000 }).default(30_000),
};

export interface DoorLimits {
  readonly requestsPerSecondMax: number;
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly grpcStreamsMax: number;
  readonly grpcKeepaliveMs: number;
}

/** For a door that stands alone. */
export const defaultLimits: DoorLimits = z.object(limitsShape).parse({});
