import fc from 'fast-check';
import { textAt, textColumn } from '@hindcast/market';
import { StagedColumn } from './staged-rows.js';
import { idColumn, stageId } from './tick-ids.js';

const anyId = fc.oneof(
  fc.stringMatching(/^\d{1,20}$/),
  fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }).map(String),
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 64 }),
  fc.constantFrom('', '0', '00', '007', '9007199254740993', '999999999999999999', '1000000000000000000', '1e5', '-1', 'Lévy'),
);

/** As most feeds number their ticks, over a few carries. */
const countingIds = fc
  .record({
    first: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.maxSafeInteger().map(Math.abs)),
    count: fc.integer({ min: 0, max: 50 }),
  })
  .map(({ first, count }) => Array.from({ length: count }, (_, n) => String(first + n)));

function isNull(column: StagedColumn, row: number): boolean {
  return column.validity !== undefined && ((column.validity[row >> 3] >> (row & 7)) & 1) === 0;
}

it('brings every id back as it was, numbers by way of 64 bits', () => {
  fc.assert(
    fc.property(fc.oneof(fc.array(anyId, { maxLength: 50 }), countingIds), fc.boolean(), (ids, isReversed) => {
      const column = textColumn(ids);
      const [numbers, texts] = [new StagedColumn('long', 64), new StagedColumn('text', 64)];
      ids.forEach((_, row) => stageId(column, row, numbers, texts, row));
      ids.forEach((id, row) => {
        expect(isNull(numbers, row)).toBe(!isNull(texts, row));
        expect(isNull(texts, row)).toBe(/^(?:0|[1-9]\d{0,17})$/.test(id));
      });
      const read = idColumn({
        length: ids.length,
        halves: new Uint32Array(numbers.values.buffer),
        texts: new Map(ids.flatMap((_, row) => (isNull(texts, row) ? [] : [[row, texts.texts[row]]]))),
        order: isReversed ? Uint32Array.from(ids, (_, at) => ids.length - 1 - at) : undefined,
      });
      expect(ids.map((_, row) => textAt(read, row))).toEqual(isReversed ? ids.toReversed() : ids);
    }),
  );
});
