import { parseResult, ratioOf, resultTable } from './result.mjs';

describe('a result of a bench', () => {
  it('is a line of JSON; other lines are for people', () => {
    const line = '{"what":"encoder","ours":500,"bare":250,"unit":"rows/s"}';
    expect(parseResult(line)).toEqual({ what: 'encoder', ours: 500, bare: 250, unit: 'rows/s', better: undefined });
    expect(parseResult('150,000 trades')).toBeUndefined();
  });

  it.each([
    ['without a number', '{"what":"encoder","ours":null,"unit":"rows/s"}'],
    ['without a unit', '{"what":"encoder","ours":1}'],
    ['beside something that is no number', '{"what":"encoder","ours":1,"bare":"slow","unit":"rows/s"}'],
  ])('is refused %s', (_, line) => {
    expect(() => parseResult(line)).toThrow('not a result of a bench');
  });

  it('tells how many times as good as the bare library, whichever way good points', () => {
    expect(ratioOf({ what: 'rate', ours: 300, bare: 100, unit: 'rows/s' })).toBe(3);
    expect(ratioOf({ what: 'time', ours: 4, bare: 2, unit: 'ms', better: 'less' })).toBe(0.5);
    expect(ratioOf({ what: 'alone', ours: 4, unit: 'ms' })).toBeUndefined();
  });

  it('stands in one table with the others', () => {
    const lines = resultTable([
      { what: 'ingest', ours: 250_000, bare: 100_000, unit: 'rows/s' },
      { what: 'state', ours: 3.14159, unit: 'us', better: 'less' },
    ]).split('\n');
    expect(lines.map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['what', 'ours', 'bare', 'ratio', 'unit'],
      ['ingest', '250,000', '100,000', '2.50', 'rows/s'],
      ['state', '3.14', 'us'],
    ]);
  });
});
