import fc from 'fast-check';
import { IdentityMemory } from './identity-memory.js';

const any = (): boolean => true;

test('a hash that two identities share keeps both', () => {
  const memory = new IdentityMemory({ rowsMax: 8 });
  memory.insert(7, 7, 100);
  memory.insert(7, 7, 200);
  expect(memory.find(7, 7, (sequence) => sequence === 200)).toBe(200);
  expect(memory.remove(7, 7, 100)).toBe(true);
  expect(memory.find(7, 7, any)).toBe(200);
  expect(memory.find(7, 8, any)).toBe(-1);
});

test('it refuses to grow beyond its bound', () => {
  const memory = new IdentityMemory({ rowsMax: 8 });
  for (let row = 0; row < 8; row++) memory.insert(row, 0, row);
  expect(() => memory.insert(8, 0, 8)).toThrow('identity memory is full at 8 rows');
});

test('rows that it does not have are not forgotten: its count is what keeps slots free', () => {
  const memory = new IdentityMemory({ rowsMax: 8 });
  memory.insert(1, 1, 100);
  expect(() => memory.forgetThrough(100, 2)).toThrow('2 rows are to be forgotten of 1');
  expect(memory.has(1, 1)).toBe(true);
});

/** Hashes of which many share a slot, and some each other's. */
const hash = { low: fc.integer({ min: 0, max: 40 }), high: fc.integer({ min: 0, max: 1 }) };
const anyStep = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('insert' as const), ...hash }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), ...hash }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('keep' as const), place: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), place: fc.nat() }) },
);

test('it remembers exactly what was inserted and neither removed nor forgotten, whatever collides', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 400 }), (steps) => {
      const memory = new IdentityMemory({ rowsMax: 64 });
      const model = new Map<number, { low: number; high: number }>();
      const kept = new Set<number>();
      const at = (place: number): number => [...model.keys()][place % model.size];
      for (const [sequence, step] of steps.entries()) {
        if (step.kind === 'insert' && model.size < 64) {
          memory.insert(step.low, step.high, sequence);
          model.set(sequence, step);
        } else if (step.kind === 'remove') {
          const { low, high } = step;
          const known = [...model].find(([, entry]) => entry.low === low && entry.high === high)?.[0] ?? sequence;
          expect(memory.remove(low, high, known)).toBe(model.delete(known));
          kept.delete(known);
        } else if (step.kind === 'keep' && model.size > 0) {
          memory.keep(at(step.place));
          kept.add(at(step.place));
        } else if (step.kind === 'forget' && model.size > 0) {
          const through = at(step.place);
          const forgotten = [...model.keys()].filter((row) => row <= through && !kept.has(row));
          memory.forgetThrough(through, forgotten.length);
          for (const row of forgotten) model.delete(row);
        }
      }
      expect(memory.size).toBe(model.size);
      for (let low = 0; low <= 40; low++) {
        for (const high of [0, 1]) {
          const found: number[] = [];
          memory.find(low, high, (sequence) => found.push(sequence) < 0);
          const expected = [...model].filter(([, entry]) => entry.low === low && entry.high === high).map(([sequence]) => sequence);
          expect({ found: found.toSorted((a, b) => a - b), has: memory.has(low, high) }).toEqual({
            found: expected,
            has: expected.length > 0,
          });
        }
      }
    }),
  );
});

test('slots of forgotten rows are free again, however many come', () => {
  const [rounds, rowsAtOnce] = [200, 512];
  const memory = new IdentityMemory({ rowsMax: 2 * rowsAtOnce });
  const low = (row: number): number => Math.imul(row, 0x9e3779b1) >>> 0;
  for (let round = 0; round < rounds; round++) {
    for (let row = round * rowsAtOnce; row < (round + 1) * rowsAtOnce; row++) memory.insert(low(row), row, row);
    if (round > 0) memory.forgetThrough(round * rowsAtOnce - 1, rowsAtOnce);
  }
  expect(memory.size).toBe(rowsAtOnce);
  const rows = Array.from({ length: rounds * rowsAtOnce }, (_, row) => row);
  expect(rows.filter((row) => memory.has(low(row), row))).toEqual(rows.slice(-rowsAtOnce));
});
