import type { PhysicsState } from '@hindcast/physics';

/** States on the epoch's grid of `embedIntervalMs` are embedded, once there is a regime. */
export function isEmbeddingDue(state: Pick<PhysicsState, 'timeUs' | 'regime'>, embedIntervalMs: number): boolean {
  return state.regime !== 'WAIT' && state.timeUs % (embedIntervalMs * 1_000) === 0;
}
