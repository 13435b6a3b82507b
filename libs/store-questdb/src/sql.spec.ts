import { maxTimeUs } from '@hindcast/contracts';
import { literal, literals, timeLiteral, where } from './sql.js';

describe('literal', () => {
  it('doubles quotes, so that no text ends early', () => {
    expect(literal("SPY' OR 1=1 --")).toBe("'SPY'' OR 1=1 --'");
    expect(literals(['A', "B'"])).toBe("'A', 'B'''");
  });

  it('writes whole numbers in full and booleans as words', () => {
    expect([literal(9_007_199_254_740_991), literal(-1), literal(true)]).toEqual(['9007199254740991', '-1', 'true']);
  });

  it.each([NaN, Infinity, 1.5, 2 ** 60])('takes %s for a bug', (value) => {
    expect(() => literal(value)).toThrow(RangeError);
  });

  it('takes a zero byte in a text for a bug', () => {
    expect(() => literal('a\0b')).toThrow(RangeError);
  });
});

describe('timeLiteral', () => {
  it('writes each microsecond, and stays within the years that the server knows', () => {
    expect(timeLiteral(1_381_152_600_000_123)).toBe("'2013-10-07T13:30:00.000123Z'");
    expect(timeLiteral(-5)).toBe("'1970-01-01T00:00:00Z'");
    expect(timeLiteral(Infinity)).toBe(timeLiteral(maxTimeUs));
  });
});

describe('where', () => {
  it('joins what is given', () => {
    expect(where([undefined, 'a = 1', undefined, 'b = 2'])).toBe(' WHERE a = 1 AND b = 2');
    expect(where([undefined])).toBe('');
  });
});
