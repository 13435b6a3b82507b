import { isoFromUs, type PhysicsStateJson, type PhysicsUpdate } from '@hindcast/contracts';
import type { PhysicsState } from './physics-state.js';

/** `physics:state:{symbol}`, in the names and the order of 001. */
export function toPhysicsStateJson(state: PhysicsState): PhysicsStateJson {
  return {
    mass: state.mass,
    momentum: state.momentum,
    friction: state.friction,
    entropy: state.entropy,
    nash_dist: state.nashDistance,
    regime: state.regime,
    alpha_coefficient: state.alphaCoefficient,
    velocity: state.velocity,
    symbol: state.symbol,
    market: state.market,
    timestamp: isoFromUs(state.timeUs),
    price: state.price,
    volume: state.volume,
    signed_volume: state.signedVolume,
    trades: state.trades,
  };
}

/** What is published on `state_update`. */
export function toPhysicsUpdate(state: PhysicsState): PhysicsUpdate {
  return {
    event: 'PHYSICS_UPDATE',
    symbol: state.symbol,
    timestamp: isoFromUs(state.timeUs),
    data: {
      alpha: state.alphaCoefficient,
      regime: state.regime,
      market: state.market,
      mass: state.mass,
      velocity: state.velocity,
      momentum: state.momentum,
      friction: state.friction,
      entropy: state.entropy,
      nash_dist: state.nashDistance,
      price: state.price,
    },
  };
}
