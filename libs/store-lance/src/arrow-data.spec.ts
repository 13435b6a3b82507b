import fc from 'fast-check';
import { Field, RecordBatch, Schema, Struct, Utf8, makeData, vectorFromArray } from 'apache-arrow';
import { columnOf, listData, listNumbers, textsOf } from './arrow-data.js';

function batchOf(name: string, column: ReturnType<typeof listData>): RecordBatch {
  const field = new Field(name, column.type, true);
  return new RecordBatch(new Schema([field]), makeData({ type: new Struct([field]), length: column.length, children: [column] }));
}

it('reads texts as the library does, those that are not there and those of one hash included', () => {
  // Of the polynomial of 31 that texts are found by, 'Aa' and 'BB' have one hash.
  const text = fc.option(
    fc.oneof(fc.constantFrom('Aa', 'BB', 'AaBB', 'BBAa', '', 'usa/equity'), fc.string({ unit: 'grapheme', maxLength: 6 })),
  );
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 40 }), fc.nat({ max: 5 }), (texts, skipped) => {
      const batch = batchOf('text', vectorFromArray(texts, new Utf8()).data[0]).slice(Math.min(skipped, texts.length - 1));
      const textAt = textsOf(batch, 'text');
      const column = columnOf(batch, 'text');
      for (let row = 0; row < batch.numRows; row += 1) expect(textAt(row)).toBe(column.get(row));
    }),
  );
});

it('reads lists with NaN where a number is not there', () => {
  const number = fc.oneof(fc.constant(NaN), fc.float({ noDefaultInfinity: true }));
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number, number), { minLength: 1, maxLength: 20 }), (rows) => {
      const numbers = Float32Array.from(rows.flat());
      expect(listNumbers(batchOf('list', listData(numbers, 3)), 'list')).toEqual(numbers);
    }),
  );
});
