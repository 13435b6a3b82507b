import type { PhysicsState } from './physics-state.js';
import { toPhysicsStateJson, toPhysicsUpdate } from './state-json.js';

const state: PhysicsState = {
  market: 'usa/equity',
  symbol: 'SPY',
  timeUs: 1_381_152_600_000_000,
  mass: 0.42,
  velocity: 2.5,
  momentum: 1.05,
  friction: 0.15,
  entropy: 0.08,
  nashDistance: 0.05,
  alphaCoefficient: 2.8,
  regime: 'Gaussian',
  price: 168.25,
  volume: 12_345,
  signedVolume: -45,
  trades: 67,
};

const waiting: PhysicsState = { ...state, alphaCoefficient: null, regime: 'WAIT' };

describe('a state on the bus', () => {
  it('has the names of 001, in its order, and ours after them', () => {
    expect(JSON.stringify(toPhysicsStateJson(state))).toBe(
      '{"mass":0.42,"momentum":1.05,"friction":0.15,"entropy":0.08,"nash_dist":0.05,"regime":"Gaussian","alpha_coefficient":2.8,' +
        '"velocity":2.5,"symbol":"SPY","market":"usa/equity","timestamp":"2013-10-07T13:30:00Z","price":168.25,"volume":12345,' +
        '"signed_volume":-45,"trades":67}',
    );
  });

  it('is announced with alpha and regime first', () => {
    expect(JSON.stringify(toPhysicsUpdate(waiting))).toMatch(
      /^\{"event":"PHYSICS_UPDATE","symbol":"SPY","timestamp":"2013-10-07T13:30:00Z","data":\{"alpha":null,"regime":"WAIT",/,
    );
  });
});
