import { hourUs, isoFromUs } from '@hindcast/contracts';
import { daysBetween, newYorkDayOf, utcDayOf } from './new-york-time.js';

function utcOf(day: string, hours: number): string {
  return isoFromUs(newYorkDayOf(day).utcUs(hours * hourUs));
}

describe("New York's days", () => {
  it('are four hours behind in summer and five in winter', () => {
    expect(utcOf('2013-10-07', 9.5)).toBe('2013-10-07T13:30:00Z');
    expect(utcOf('2013-12-09', 9.5)).toBe('2013-12-09T14:30:00Z');
    expect(isoFromUs(newYorkDayOf('2013-10-07').endUs)).toBe('2013-10-08T04:00:00Z');
  });

  it('lose the hour after two in spring', () => {
    const day = newYorkDayOf('2013-03-10');
    expect((day.endUs - day.startUs) / hourUs).toBe(23);
    expect(utcOf('2013-03-10', 1.5)).toBe('2013-03-10T06:30:00Z');
    expect(utcOf('2013-03-10', 3)).toBe('2013-03-10T07:00:00Z');
    expect(utcOf('2013-03-10', 9.5)).toBe('2013-03-10T13:30:00Z');
  });

  it('gain the hour after one in autumn, and mean its first pass', () => {
    const day = newYorkDayOf('2013-11-03');
    expect((day.endUs - day.startUs) / hourUs).toBe(25);
    expect(utcOf('2013-11-03', 0.5)).toBe('2013-11-03T04:30:00Z');
    expect(utcOf('2013-11-03', 1.5)).toBe('2013-11-03T05:30:00Z');
    expect(utcOf('2013-11-03', 2)).toBe('2013-11-03T07:00:00Z');
    expect(utcOf('2013-11-03', 9.5)).toBe('2013-11-03T14:30:00Z');
  });

  it('follow each other without a hole over a whole year', () => {
    const days = daysBetween({ fromDay: '2013-01-01', toDay: '2013-12-31' }).map(newYorkDayOf);
    expect(days).toHaveLength(365);
    expect(days.slice(1).filter((day, index) => day.startUs !== days[index].endUs)).toEqual([]);
  });

  it('were changed on other days before 2007', () => {
    expect(utcOf('2006-04-01', 12)).toBe('2006-04-01T17:00:00Z');
    expect(utcOf('2006-04-03', 12)).toBe('2006-04-03T16:00:00Z');
  });
});

it('UTC days are what they say', () => {
  expect(isoFromUs(utcDayOf('2014-05-05').utcUs(23_668_000))).toBe('2014-05-05T00:00:23.668Z');
});
