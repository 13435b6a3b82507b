/** The time of the world, for what may depend on it: receive times, deadlines. States never do. */
export interface Clock {
  /** Microseconds since the epoch, UTC. */
  nowUs(): number;
}

export const systemClock: Clock = { nowUs: () => Math.round((performance.timeOrigin + performance.now()) * 1000) };
