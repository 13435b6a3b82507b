import { isoFromUs, type PhysicsUpdate } from '@hindcast/contracts';
import { parseBroadcast, type Broadcast } from './broadcast.js';
import type { ShownState } from './subscription.js';

const market = 'usa/equity';
const startUs = 1_381_152_600_000_000;

/** The nth second's update of a symbol, as market-physics publishes it. */
export function update(symbol: string, second: number): PhysicsUpdate {
  const data = {
    alpha: 2.8,
    regime: 'Gaussian',
    market,
    mass: 0.5,
    velocity: 0,
    momentum: 0,
    friction: 1,
    entropy: 0,
    nash_dist: 0,
    price: 170.5,
  } as const;
  return { event: 'PHYSICS_UPDATE', symbol, timestamp: timestamp(second), data };
}

export function state(symbol: string, second: number): ShownState {
  return { symbol, market, timestamp: timestamp(second), mass: 0.5 };
}

export function broadcastOf(symbol: string, second: number): Broadcast {
  return parseBroadcast('state_update', Buffer.from(JSON.stringify(update(symbol, second))))!;
}

export function timestamp(second: number): string {
  return isoFromUs(startUs + second * 1_000_000);
}

export function secondOf(iso: string): number {
  return (Date.parse(iso) * 1_000 - startUs) / 1_000_000;
}
