import { fakeTerminal } from '../terminal.fixture.js';
import { ProgressDisplay, progressLine } from './progress.js';
import { bar, duration, figure, percent, whole } from './quantities.js';
import { table } from './table.js';

it('numbers are written for people', () => {
  expect([0, 999, 1_000, 3_752_256].map(whole)).toEqual(['0', '999', '1,000', '3,752,256']);
  expect([0, 0.9999, 1].map(percent)).toEqual(['0.0 %', '99.9 %', '100.0 %']);
  expect([1.25, 42, 75, 3_725, Infinity].map(duration)).toEqual(['1.3 s', '42 s', '1 min 15 s', '1 h 2 min', '?']);
  expect([bar(0, 4), bar(0.5, 4), bar(1, 4)]).toEqual(['[....]', '[##..]', '[####]']);
  expect([figure(null), figure(0.123456), figure(2, 1)]).toEqual(['-', '0.1235', '2.0']);
});

it('tables have columns as wide as their widest cell', () => {
  const columns = [{ title: 'a' }, { title: 'count', align: 'right' as const }];
  expect(
    table(columns, [
      ['long', '1'],
      ['b', '1,000'],
    ]),
  ).toBe('a     count\n----  -----\nlong      1\nb     1,000');
});

it('what is left counts from where this run started', () => {
  expect(progressLine({ rows: 1_000, part: 0.75, elapsedSeconds: 10, startPart: 0.5 })).toBe('1,000 rows, 100 rows/s, 75.0 %, 10 s left');
});

it('progress is a line every two seconds where there is no terminal', async () => {
  const terminal = fakeTerminal();
  const display = new ProgressDisplay(terminal);
  for (let at = 0; at < 50; at++) {
    display.show({ rows: at, part: at / 50, elapsedSeconds: at / 10 });
    await terminal.sleep(100);
  }
  expect(terminal.notes).toHaveLength(2);
});
