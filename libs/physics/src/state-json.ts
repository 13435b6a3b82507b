import { HindcastError, isoFromUs, usFromIso } from '@hindcast/contracts';
import type { PhysicsStateJson, PhysicsUpdate } from '@hindcast/contracts';
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

/** The inverse of `toPhysicsStateJson`; FIELD_INVALID where the timestamp is none. */
export function stateFromJson(json: PhysicsStateJson): PhysicsState {
  const timeUs = usFromIso(json.timestamp);
  if (timeUs === undefined) throw new HindcastError('FIELD_INVALID', `timestamp is ${JSON.stringify(json.timestamp)}; allowed is ISO 8601`);
  return {
    market: json.market,
    symbol: json.symbol,
    timeUs,
    mass: json.mass,
    velocity: json.velocity,
    momentum: json.momentum,
    friction: json.friction,
    entropy: json.entropy,
    nashDistance: json.nash_dist,
    alphaCoefficient: json.alpha_coefficient,
    regime: json.regime,
    price: json.price,
    volume: json.volume,
    signedVolume: json.signed_volume,
    trades: json.trades,
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
