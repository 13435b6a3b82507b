import { signatureNames, signatureSize, type Horizon, type MemoryDefinition } from '@hindcast/memory';
import type { VectorShape } from './search-plan.js';
import type { TableDefinition } from './table-definition.js';

/** What an outcome is, in the order in which `outcomes` holds it; `known_at` in microseconds, all null until known. */
export const outcomeFields = ['logReturn', 'volatility', 'highestGain', 'deepestLoss', 'volume', 'knownAtUs', 'marks'] as const;

/** A million moments have 1,000 of them. */
const partitionsMax = 1_024;

export const momentKeyColumns = ['symbol', 'timestamp', 'market'];

export const momentTablePrefix = 'moments_';

export function momentTableName(id: string): string {
  return `${momentTablePrefix}${id}`;
}

/** Null until the outcome is known, and for good where it crosses a close that the horizon does not name. */
export function knownAtColumn({ id }: Horizon): string {
  return `known_at_${id}`;
}

/** Components that count. */
export function momentShape({ signature }: Pick<MemoryDefinition, 'signature'>): VectorShape {
  return { dimensions: signature.weights.filter((weight) => weight > 0).length, partitionsMax };
}

/**
 * The rows of a memory. An answer takes a row from `signature` and `outcomes`, two lists that lie together: as 75 columns it
 * took 18 ms instead of 5. What is filtered by, and read by other tools, has a column of its own.
 */
export function momentTableDefinition(definition: Pick<MemoryDefinition, 'id' | 'signature' | 'horizons'>): TableDefinition {
  const { horizons } = definition;
  return {
    table: momentTableName(definition.id),
    columns: [
      { name: 'vector', type: `fixed_size_list<float32>[${momentShape(definition).dimensions}]` },
      { name: 'symbol', type: 'utf8' },
      { name: 'market', type: 'utf8' },
      { name: 'timestamp', type: 'timestamp[us, UTC]' },
      { name: 'session_day', type: 'date32' },
      { name: 'log_volatility', type: 'float64' },
      { name: 'volume_rate', type: 'float64' },
      { name: 'regime', type: 'utf8', nullable: true },
      { name: 'flags', type: 'uint8' },
      { name: 'signature', type: `fixed_size_list<float32>[${signatureSize}]` },
      { name: 'outcomes', type: `fixed_size_list<float64>[${Math.max(1, horizons.length * outcomeFields.length)}]` },
      { name: 'draw', type: 'float64' },
      ...signatureNames.map((name) => ({ name, type: 'float32', nullable: true })),
      ...horizons.map((horizon) => ({ name: knownAtColumn(horizon), type: 'timestamp[us, UTC]', nullable: true })),
    ],
    indexes: [
      { name: 'timestamp_btree', column: 'timestamp', type: 'btree' },
      { name: 'symbol_bitmap', column: 'symbol', type: 'bitmap' },
      { name: 'market_bitmap', column: 'market', type: 'bitmap' },
      // Every answer is set against a sample of the same time of day.
      { name: 'draw_btree', column: 'draw', type: 'btree' },
      { name: 'session_progress_btree', column: 'session_progress', type: 'btree' },
    ],
  };
}
