import fc from 'fast-check';
import { textAt, textColumn } from '@hindcast/market';
import { StagedColumn } from './staged-rows.js';
import { IdBuilder, stageId } from './tick-ids.js';

const digits = fc.stringMatching(/^[0-9]{1,20}$/);
const anyId = fc.oneof(
  digits,
  fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }).map(String),
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 64 }),
  fc.constantFrom('', '0', '00', '007', '9007199254740993', '999999999999999999', '1000000000000000000', '1e5', '-1'),
);

function isNull(column: StagedColumn, row: number): boolean {
  return column.validity !== undefined && ((column.validity[row >> 3] >> (row & 7)) & 1) === 0;
}

it('brings every id back as it was, numbers by way of 64 bits', () => {
  fc.assert(
    fc.property(fc.array(anyId, { maxLength: 50 }), (ids) => {
      const column = textColumn(ids);
      const [numbers, texts] = [new StagedColumn('long', 64), new StagedColumn('text', 64)];
      ids.forEach((_, row) => stageId(column, row, numbers, texts, row));
      const halves = new Uint32Array(numbers.values.buffer);
      const builder = new IdBuilder(ids.length);
      ids.forEach((id, row) => {
        expect(isNull(numbers, row)).toBe(!isNull(texts, row));
        const isNumber = /^(?:0|[1-9]\d{0,17})$/.test(id);
        expect(isNull(texts, row)).toBe(isNumber);
        if (isNumber) builder.pushNumber(halves[2 * row], halves[2 * row + 1]);
        else builder.pushText(texts.texts[row]);
      });
      const read = builder.build();
      expect(ids.map((_, row) => textAt(read, row))).toEqual(ids);
    }),
  );
});
