import { RepeatFilter } from './repeat-filter.js';

describe('RepeatFilter', () => {
  it('lets each time of an instrument pass once, in order', () => {
    const filter = new RepeatFilter();
    const judged = [1, 2, 2, 1, 3].map((timeUs) => filter.judge('SPY', timeUs));
    expect(judged).toEqual(['new', 'new', 'repeat', 'repeat', 'new']);
    expect(filter.judge('IBM', 1)).toBe('new');
  });

  it('takes a publisher that stays in the past for one that was started anew', () => {
    const filter = new RepeatFilter({ repeatsMax: 2, instrumentsMax: 10 });
    filter.judge('SPY', 100);
    expect([1, 2, 3].map((timeUs) => filter.judge('SPY', timeUs))).toEqual(['repeat', 'repeat', 'reset']);
    filter.forget();
    expect([4, 5].map((timeUs) => filter.judge('SPY', timeUs))).toEqual(['new', 'new']);
  });

  it('holds a bounded number of instruments', () => {
    const filter = new RepeatFilter({ repeatsMax: 2, instrumentsMax: 2 });
    for (const key of ['a', 'b', 'c']) filter.judge(key, 10);
    expect(filter.judge('c', 10)).toBe('repeat');
    expect(filter.judge('a', 10)).toBe('new');
  });
});
