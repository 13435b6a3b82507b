import fc from 'fast-check';
import { leanMarkets, type LeanRows } from './lean-format.js';
import { LeanLine } from './lean-line.js';

const [equity, forex] = leanMarkets;

function read(format: keyof typeof formats, text: string): { readonly whole: boolean; readonly fields: unknown[] } {
  const one = (): Float64Array => new Float64Array(1);
  const rows: LeanRows = {
    sinceMidnightUs: one(),
    first: one(),
    firstSize: one(),
    second: one(),
    secondSize: one(),
    exchange: new Uint16Array(1),
    conditions: new Uint16Array(1),
  };
  const line = new LeanLine();
  line.start(Buffer.from(text), 0);
  const whole = formats[format]!(line, rows, 0);
  const { sinceMidnightUs, first, firstSize, second, secondSize, exchange, conditions } = rows;
  const prices = format === 'trade' ? [first[0], firstSize[0]] : [first[0], firstSize[0], second[0], secondSize[0]];
  return { whole, fields: [sinceMidnightUs[0], ...prices, line.words[exchange[0]], line.words[conditions[0]]] };
}

const formats = { trade: equity.kinds.trades, quote: equity.kinds.quotes, forex: forex.kinds.quotes };

describe("LEAN's lines", () => {
  it('are read field by field', () => {
    expect(read('trade', '14400614,139400,500,P,20002020,0\n')).toEqual({
      whole: true,
      fields: [14_400_614_000, 13.94, 500, 'P', '20002020'],
    });
    expect(read('quote', '14400151,0,0,140200,500,Q,1,0\n')).toEqual({
      whole: true,
      fields: [14_400_151_000, NaN, NaN, 14.02, 500, 'Q', '1'],
    });
    expect(read('quote', '14400554,138400,700,0,0,P,1,0\n')).toEqual({
      whole: true,
      fields: [14_400_554_000, 13.84, 700, NaN, NaN, 'P', '1'],
    });
    expect(read('forex', '23668,1.38710,1.38726\r\n')).toEqual({ whole: true, fields: [23_668_000, 1.3871, NaN, 1.38726, NaN, '', ''] });
  });

  it('say where a trade is suspicious', () => {
    expect(read('trade', '1,2,3,N,40,1\n').fields.at(-1)).toBe('40,suspicious');
    expect(read('trade', '1,2,3,N,,1\n').fields.at(-1)).toBe('suspicious');
    expect(read('trade', '1,2,3,N,,0\n').fields.at(-1)).toBe('');
  });

  it('tell words apart that differ in length or zeros alone', () => {
    const line = new LeanLine();
    const numbers = ['0', '00', '20000020', '020000020', 'ARCA', 'arca', '0'].map((word) => {
      line.start(Buffer.from(`${word}\n`), 0);
      return line.words[line.word()];
    });
    expect(numbers).toEqual(['0', '00', '20000020', '020000020', 'ARCA', 'arca', '0']);
  });

  it.each([
    ['a field too few', '14400614,139400,500,P,20002020\n14400614,139400,500,P,20002020,0\n'],
    ['a field too many', '14400614,139400,500,P,20002020,0,1\n'],
    ['no number', '14400614,139x00,500,P,20002020,0\n'],
    ['a negative price', '14400614,-139400,500,P,20002020,0\n'],
    ['an empty price', '14400614,,500,P,20002020,0\n'],
    ['another flag', '14400614,139400,500,P,20002020,2\n'],
    ['nothing', '\n'],
  ])('are refused with %s', (_, text) => {
    expect(read('trade', text).whole).toBe(false);
  });

  it('give the double that the digits mean', () => {
    const price = fc.tuple(fc.integer({ min: 0, max: 9_999_999 }), fc.integer({ min: 0, max: 99_999 }));
    fc.assert(
      fc.property(price, ([units, fraction]) => {
        const text = `${units}.${String(fraction).padStart(5, '0')}`;
        expect(read('forex', `1,${text},${text}\n`).fields[1]).toBe(Number(text));
      }),
    );
  });
});
