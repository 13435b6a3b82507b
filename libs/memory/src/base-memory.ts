import { baseFit } from './base-memory-fit.js';
import { baseSkill } from './base-memory-skill.js';
import type { MemoryDefinition } from './memory-definition.js';
import { signatureNames } from './signature/components.js';

export const baseMemoryId = 'signature.v1-base';

/**
 * The memory that is there before anybody has fitted one: scaler, weights, errors and skill of four stocks' three days of 2013, which
 * a scale-free signature carries over to other instruments as far as it does. Known since those days ended.
 */
export function baseMemory({ stateIntervalMs, horizons }: Pick<MemoryDefinition, 'stateIntervalMs' | 'horizons'>): MemoryDefinition {
  const { weights, scaler, errors, knownAtUs } = baseFit;
  const signature = { id: baseMemoryId, components: signatureNames, weights, scaler };
  return { id: baseMemoryId, signature, stateIntervalMs, horizons, errors, knownAtUs, skill: baseSkill };
}
