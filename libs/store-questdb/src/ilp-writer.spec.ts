import fc from 'fast-check';
import { digitsMax, IlpWriter } from './ilp-writer.js';

function written(write: (writer: IlpWriter) => void): Uint8Array {
  const writer = new IlpWriter();
  write(writer);
  return writer.written();
}

describe('IlpWriter', () => {
  it('writes every whole number as its decimal digits', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -20_000, max: 20_000 })), (value) => {
        const bytes = written((writer) => writer.integer(value));
        expect(Buffer.from(bytes).toString()).toBe(String(value === 0 ? 0 : value));
        expect(bytes.length).toBeLessThanOrEqual(digitsMax);
      }),
    );
    for (let power = 1; power < 2 ** 53; power *= 10) {
      for (const value of [power - 1, power, power + 1]) {
        expect(Buffer.from(written((writer) => writer.integer(value))).toString()).toBe(String(value));
      }
    }
  });

  it.each([0.5, NaN, Infinity, 2 ** 53])('takes %s for a bug', (value) => {
    expect(() => written((writer) => writer.integer(value))).toThrow(RangeError);
  });

  it('writes doubles as their eight bytes, least first, after the mark of a binary value', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const bytes = written((writer) => writer.double(value));
        expect(bytes[0]).toBe(0x10);
        expect(new DataView(bytes.buffer, bytes.byteOffset).getFloat64(1, true)).toBe(value);
      }),
    );
  });

  it('puts a backslash before what would end a quoted text', () => {
    const bytes = written((writer) => writer.quoted(Buffer.from('a"b\\c\nd é')));
    expect(Buffer.from(bytes).toString()).toBe('"a\\"b\\\\c\\\nd é"');
  });

  it('grows without losing what it holds', () => {
    const bytes = written((writer) => {
      for (let i = 0; i < 50_000; i++) {
        writer.reserve(digitsMax + 1);
        writer.integer(i);
        writer.byte(0x20);
      }
    });
    expect(Buffer.from(bytes).toString()).toBe(Array.from({ length: 50_000 }, (_, i) => `${i} `).join(''));
  });
});
