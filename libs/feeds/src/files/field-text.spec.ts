import fc from 'fast-check';
import { isoFromUs } from '@hindcast/contracts';
import { sideCodes } from '@hindcast/market';
import { numberOf, sideOf, sideOfBuyerMaker, timeUsOf } from './field-text.js';

const us = 1_704_067_200_123_456;

describe('times', () => {
  it.each([
    ['1704067200', 1_704_067_200_000_000],
    ['1704067200.123456789', us],
    ['1704067200123', 1_704_067_200_123_000],
    ['1704067200123.456', us],
    ['1704067200123456', us],
    ['1704067200123456999', us],
    ['1.704067200123456e15', us],
    ['2024-01-01T00:00:00.123456Z', us],
    ['2024-01-01 00:00:00.123456', us],
    ['2024-01-01 00:00:00.123456 UTC', us],
    ['2024-01-01 01:00:00.123456+01', us],
    ['2024-01-01', 1_704_067_200_000_000],
  ])('of any unit are read by their digits: %s', (text, expected) => {
    expect(timeUsOf(text, 'auto')).toBe(expected);
  });

  it('in a unit that is named are of that unit', () => {
    expect([timeUsOf('5', 's'), timeUsOf('5', 'ms'), timeUsOf('5', 'us'), timeUsOf('5', 'ns')]).toEqual([5_000_000, 5_000, 5, 0]);
  });

  it.each(['', 'yesterday', '12345', '-1704067200', '2024-02-30', '1704067200,5', 'NaN'])('are nothing else: %j', (text) => {
    expect(timeUsOf(text, 'auto')).toBeNaN();
  });

  it('that ISO 8601 tells are the same as those that numbers tell', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e15, max: 4e15 }), (timeUs) => {
        expect(timeUsOf(isoFromUs(timeUs), 'auto')).toBe(timeUs);
        expect(timeUsOf(`${timeUs}999`, 'ns')).toBe(timeUs);
        expect(timeUsOf((timeUs / 1_000).toFixed(3), 'ms')).toBe(timeUs);
      }),
    );
  });
});

it('numbers are absent, read, or something else', () => {
  expect(['', 'NaN', 'null', 'none'].map(numberOf)).toEqual([NaN, NaN, NaN, NaN]);
  expect(['1.5', ' 2 ', '1e-7', '-3'].map(numberOf)).toEqual([1.5, 2, 1e-7, -3]);
  expect(['abc', '1,5', 'Infinity', '0x'].map(numberOf)).toEqual([undefined, undefined, undefined, undefined]);
});

it('sides are those of the aggressor', () => {
  expect(['buy', 'B', 'SELL', 's', 'unknown', ''].map(sideOf)).toEqual([
    sideCodes.buy,
    sideCodes.buy,
    sideCodes.sell,
    sideCodes.sell,
    sideCodes.none,
    sideCodes.none,
  ]);
  expect(sideOf('long')).toBeUndefined();
  expect(['True', 'false', '1', 'maybe'].map(sideOfBuyerMaker)).toEqual([sideCodes.sell, sideCodes.buy, sideCodes.sell, undefined]);
});
