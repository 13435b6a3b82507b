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

test('it remembers exactly what was inserted and not removed, whatever collides', () => {
  const step = fc.record({ low: fc.integer({ min: 0, max: 40 }), high: fc.integer({ min: 0, max: 1 }), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const memory = new IdentityMemory({ rowsMax: 128 });
      const model = new Map<number, { low: number; high: number }>();
      steps.forEach(({ low, high, remove }, sequence) => {
        const known = [...model].find(([, entry]) => entry.low === low && entry.high === high);
        if (remove && known) {
          expect(memory.remove(low, high, known[0])).toBe(true);
          model.delete(known[0]);
        } else {
          memory.insert(low, high, sequence);
          model.set(sequence, { low, high });
        }
      });
      expect(memory.size).toBe(model.size);
      for (const [sequence, { low, high }] of model) expect(memory.find(low, high, (found) => found === sequence)).toBe(sequence);
    }),
  );
});
