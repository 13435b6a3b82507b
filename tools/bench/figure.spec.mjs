import { figureTable, goalText, isMet, parseFigure, ratioOf, verdictOf } from './figure.mjs';

describe('a figure of a bench', () => {
  it('is a line of JSON; other lines are for people', () => {
    const line = '{"metric":"encoder","ours":500,"theirs":250,"unit":"rows/s"}';
    expect(parseFigure(line)).toEqual({ metric: 'encoder', ours: 500, theirs: 250, unit: 'rows/s' });
    expect(parseFigure('150,000 trades')).toBeUndefined();
  });

  it.each([
    ['without a number', '{"metric":"encoder","ours":null,"unit":"rows/s"}'],
    ['without a unit', '{"metric":"encoder","ours":1}'],
    ['beside something that is no number', '{"metric":"encoder","ours":1,"theirs":"slow","unit":"rows/s"}'],
  ])('is refused %s', (_, line) => {
    expect(() => parseFigure(line)).toThrow('not a figure of a bench');
  });

  it('tells how many times as good as theirs, whichever way good points', () => {
    expect(ratioOf({ ours: 300, theirs: 100 })).toBe(3);
    expect(ratioOf({ ours: 4, theirs: 2, better: 'less' })).toBe(0.5);
    expect(ratioOf({ ours: 4, better: 'less' })).toBeUndefined();
  });

  it.each([
    [{ ours: 300, theirs: 100, goal: { ratio: 2 } }, 'ratio at least 2', 'met'],
    [{ ours: 300, theirs: 200, goal: { ratio: 2 } }, 'ratio at least 2', 'missed'],
    [{ ours: 300, goal: { ratio: 2 } }, 'ratio at least 2', 'missed'],
    [{ ours: 900_000, goal: { ours: 1_000_000 } }, 'at least 1,000,000 ms', 'missed'],
    [{ ours: 9.5, better: 'less', goal: { ours: 10 } }, 'at most 10.0 ms', 'met'],
    [{ ours: 9.5 }, '', ''],
  ])('knows whether %j meets its goal', (numbers, text, verdict) => {
    const figure = { metric: 'any', unit: 'ms', ...numbers };
    expect(goalText(figure)).toBe(text);
    expect(verdictOf(figure)).toBe(verdict);
    expect(isMet(figure)).toBe(verdict === '' ? undefined : verdict === 'met');
  });

  it('stands in one table with the others', () => {
    const lines = figureTable([
      { metric: 'ingest', ours: 250_000, theirs: 100_000, unit: 'rows/s', goal: { ratio: 2 } },
      { metric: 'state', ours: 3.14159, unit: 'us', better: 'less' },
    ]).split('\n');
    expect(lines.map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['what', 'ours', 'theirs', 'ratio', 'unit', 'goal'],
      ['ingest', '250,000', '100,000', '2.50', 'rows/s', 'ratio at least 2: met'],
      ['state', '3.14', 'us'],
    ]);
  });
});
