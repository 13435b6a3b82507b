import type { MemoryDefinition, MomentColumns } from '@hindcast/memory';
import { allRowsOf, memoryDefinition, momentStartUs, someMoments } from '@hindcast/testing';

export { allRowsOf };

export const rowsOfPiece = 8_000;
export const keptMemory = memoryDefinition({ id: 'kept' });

/** The same whenever it is made. */
export function pieceOf(number: number): MomentColumns {
  const symbols = Array.from({ length: 20 }, (_, index) => `SYM${index}`);
  return someMoments({ count: rowsOfPiece, seed: number, symbols, fromUs: momentStartUs + number * 1_000_000_000 });
}

export function sideMemory(number: number): MemoryDefinition {
  return memoryDefinition({ id: `side-${number}` });
}
