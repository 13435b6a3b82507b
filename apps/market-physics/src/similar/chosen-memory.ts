import { HindcastError, isoFromUs } from '@hindcast/contracts';
import type { Horizon, MemoryDefinition } from '@hindcast/memory';
import type { MomentStore } from '@hindcast/ports';

export interface MemoryQuestion {
  /** The one in use where none is named. */
  readonly memory: string | undefined;
  readonly asOfUs: number | undefined;
}

/** Without what was measured on moments that the question may not know of. */
function asKnownAt(definition: MemoryDefinition, asOfUs: number): MemoryDefinition {
  return definition.skill !== null && definition.skill.toUs > asOfUs ? { ...definition, skill: null } : definition;
}

/**
 * The memory that answers: the named one, or the one in use; where that was fitted later than the question may know of, the
 * newest one that was not. MEMORY_UNKNOWN, MEMORY_NOT_KNOWN_YET.
 */
export async function chosenMemory(
  store: Pick<MomentStore, 'memories'>,
  { memory, asOfUs = Infinity }: MemoryQuestion,
): Promise<MemoryDefinition> {
  const memories = await store.memories();
  if (memory !== undefined) {
    const named = memories.find(({ definition }) => definition.id === memory);
    if (!named) {
      const there = memories.map(({ definition }) => definition.id).join(', ');
      throw new HindcastError('MEMORY_UNKNOWN', `There is no memory ${JSON.stringify(memory)}; there are ${there || 'none yet'}.`);
    }
    if (named.definition.knownAtUs > asOfUs) throw notKnownYet(named.definition, asOfUs);
    return asKnownAt(named.definition, asOfUs);
  }
  const inUse = memories.find((candidate) => candidate.inUse);
  if (!inUse) throw new HindcastError('MEMORY_UNKNOWN', 'No memory is in use yet.');
  const known = memories.filter(({ definition }) => definition.knownAtUs <= asOfUs);
  if (known.includes(inUse)) return asKnownAt(inUse.definition, asOfUs);
  if (known.length === 0) throw notKnownYet(inUse.definition, asOfUs);
  return asKnownAt(known.reduce((one, other) => (isNewer(other.definition, one.definition) ? other : one)).definition, asOfUs);
}

/** Which memory answers must not hang on the order in which they were made. */
function isNewer(one: MemoryDefinition, other: MemoryDefinition): boolean {
  return one.knownAtUs > other.knownAtUs || (one.knownAtUs === other.knownAtUs && one.id < other.id);
}

function notKnownYet({ id, knownAtUs }: MemoryDefinition, asOfUs: number): HindcastError {
  return new HindcastError(
    'MEMORY_NOT_KNOWN_YET',
    `Memory ${id} rests on moments up to ${isoFromUs(knownAtUs)}, and the question may know nothing after ${isoFromUs(asOfUs)}.`,
  );
}

export function emptyMemory({ id }: Pick<MemoryDefinition, 'id'>): HindcastError {
  return new HindcastError('MEMORY_EMPTY', `Memory ${id} holds no moments yet: \`npx hindcast memory build ${id}\` fills it.`);
}

/** All of the memory's where none are named. FIELD_INVALID for one that it does not have. */
export function chosenHorizons({ id, horizons }: MemoryDefinition, names: readonly string[] | undefined): readonly Horizon[] {
  if (names === undefined) return horizons;
  return names.map((name) => {
    const horizon = horizons.find((candidate) => candidate.id === name);
    if (horizon) return horizon;
    const allowed = horizons.map((candidate) => candidate.id).join(', ');
    throw new HindcastError('FIELD_INVALID', `horizons: memory ${id} has no ${JSON.stringify(name)}; allowed are ${allowed}.`);
  });
}
