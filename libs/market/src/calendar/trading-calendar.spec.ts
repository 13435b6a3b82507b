import fc from 'fast-check';
import { dayUs, hourUs, isoFromUs, secondUs, usFromIso } from '@hindcast/contracts';
import { xnysClosed, xnysFrom, xnysHalfDays, xnysTo } from './us-equity-days.fixture.js';
import { aroundTheClock, calendarOfMarket, foreignExchange, usEquities } from './trading-calendar.js';
import type { Session, TradingCalendar } from './trading-calendar.js';
import { dayNumberOf, dayOfNumber, weekdayOf } from './wall-clock.js';

const hoursOf = ({ openUs, closeUs }: Session): string => `${isoFromUs(openUs)} ${isoFromUs(closeUs)}`;
const time = fc
  .integer({ min: usFromIso('1998-01-05')! / secondUs, max: usFromIso('2040-01-01')! / secondUs })
  .map((seconds) => seconds * secondUs);

describe("US stocks' days", () => {
  it('are those of XNYS, one by one over thirty years', () => {
    const listed = (text: string): Set<string> =>
      new Set([...text.matchAll(/(\d{4})(\d{2})(\d{2})/g)].map(([, year, month, date]) => `${year}-${month}-${date}`));
    const closed = listed(xnysClosed);
    const half = listed(xnysHalfDays);
    const wrong: string[] = [];
    for (let number = dayNumberOf(xnysFrom); number <= dayNumberOf(xnysTo); number += 1) {
      const day = dayOfNumber(number);
      const isWeekend = weekdayOf(number) === 0 || weekdayOf(number) === 6;
      const expected = isWeekend || closed.has(day) ? 'closed' : half.has(day) ? 'half' : 'full';
      const session = usEquities.sessionOn(day);
      const actual = session ? (session.isHalfDay ? 'half' : 'full') : 'closed';
      if (actual !== expected) wrong.push(`${day}: ${actual}, not ${expected}`);
    }
    expect(wrong).toEqual([]);
    expect(closed.size).toBe(280);
    expect(half.size).toBe(64);
  });

  it.each([
    ['2013-10-07', '2013-10-07T13:30:00Z 2013-10-07T20:00:00Z'],
    ['2013-12-09', '2013-12-09T14:30:00Z 2013-12-09T21:00:00Z'],
    ['2013-11-29', '2013-11-29T14:30:00Z 2013-11-29T18:00:00Z'],
    // The clocks are set on the Sundays between these.
    ['2026-03-06', '2026-03-06T14:30:00Z 2026-03-06T21:00:00Z'],
    ['2026-03-09', '2026-03-09T13:30:00Z 2026-03-09T20:00:00Z'],
    ['2026-10-30', '2026-10-30T13:30:00Z 2026-10-30T20:00:00Z'],
    ['2026-11-02', '2026-11-02T14:30:00Z 2026-11-02T21:00:00Z'],
  ])('begin and end by the wall clock of New York: %s', (day, hours) => {
    expect(hoursOf(usEquities.sessionOn(day)!)).toBe(hours);
  });
});

describe("foreign exchange's week", () => {
  it('begins on Sunday evening and has five days without a rest between them', () => {
    const week = ['05', '06', '07', '08', '09'].map((date) => foreignExchange.sessionOn(`2014-05-${date}`)!);
    expect(hoursOf(week[0])).toBe('2014-05-04T21:00:00Z 2014-05-05T21:00:00Z');
    expect(hoursOf(week[4])).toBe('2014-05-08T21:00:00Z 2014-05-09T21:00:00Z');
    expect(week.slice(1).map(({ openUs }) => openUs)).toEqual(week.slice(0, -1).map(({ closeUs }) => closeUs));
    expect(foreignExchange.sessionOn('2014-05-10')).toBeUndefined();
    expect(foreignExchange.sessionAt(usFromIso('2014-05-10T12:00:00Z')!)).toBeUndefined();
    expect(foreignExchange.sessionFrom(usFromIso('2014-05-10T12:00:00Z')!).day).toBe('2014-05-12');
  });

  it('opens an hour later by UTC after the clocks were set back over the weekend', () => {
    expect(isoFromUs(foreignExchange.sessionOn('2026-11-02')!.openUs)).toBe('2026-11-01T22:00:00Z');
    expect(isoFromUs(foreignExchange.sessionOn('2026-10-30')!.closeUs)).toBe('2026-10-30T21:00:00Z');
  });
});

describe.each<[string, TradingCalendar]>([
  ['US stocks', usEquities],
  ['foreign exchange', foreignExchange],
  ['around the clock', aroundTheClock],
])('any calendar: %s', (_name, calendar) => {
  it('puts a time into the one session that holds it, and no other', () => {
    fc.assert(
      fc.property(time, (timeUs) => {
        const session = calendar.sessionAt(timeUs);
        const next = calendar.sessionFrom(timeUs);
        expect(next.openUs).toBeGreaterThanOrEqual(timeUs);
        if (session) {
          expect(session.openUs <= timeUs && timeUs < session.closeUs).toBe(true);
          expect(session.closeUs).toBeLessThanOrEqual(next.openUs === timeUs ? session.closeUs : next.openUs);
          expect(calendar.sessionOn(session.day)).toEqual(session);
        } else {
          // Whatever holds no time has no session between it and the next one.
          expect(calendar.sessionAt((timeUs + next.openUs) / 2)).toBeUndefined();
        }
      }),
    );
  });

  it('follows its sessions without an overlap, each a whole number of hours or half hours, and finds each from its first and last second', () => {
    fc.assert(
      fc.property(time, (timeUs) => {
        const first = calendar.sessionFrom(timeUs);
        const second = calendar.sessionFrom(first.closeUs);
        expect(second.openUs).toBeGreaterThanOrEqual(first.closeUs);
        expect(((first.closeUs - first.openUs) / (hourUs / 2)) % 1).toBe(0);
        expect(calendar.sessionAt(first.openUs)).toEqual(first);
        expect(calendar.sessionAt(first.closeUs - secondUs)).toEqual(first);
        expect(calendar.sessionAt(first.closeUs)?.day).not.toBe(first.day);
      }),
    );
  });
});

it('a day around the clock is UTC, midnight to midnight', () => {
  const session = aroundTheClock.sessionAt(usFromIso('2022-01-05T23:59:59Z')!)!;
  expect([session.day, session.closeUs - session.openUs]).toEqual(['2022-01-05', dayUs]);
  expect(aroundTheClock.sessionAt(session.closeUs)!.day).toBe('2022-01-06');
});

it.each([
  ['usa/equity', 'usa/equity'],
  ['oanda/forex', 'forex'],
  ['binance/spot', 'around-the-clock'],
  ['simulated/spot', 'around-the-clock'],
])('the calendar of %s is %s', (market, id) => {
  expect(calendarOfMarket(market).id).toBe(id);
});

it.each([usEquities, foreignExchange, aroundTheClock])('$id: the session before a session is the one that it comes after', (calendar) => {
  fc.assert(
    fc.property(time, (timeUs) => {
      const session = calendar.sessionFrom(timeUs);
      const before = calendar.sessionBefore(session.openUs);
      expect(calendar.sessionFrom(before.closeUs)).toEqual(session);
      expect(calendar.sessionBefore(session.closeUs)).toEqual(session);
      expect(calendar.sessionBefore(session.closeUs - 1)).toEqual(before);
    }),
  );
});
