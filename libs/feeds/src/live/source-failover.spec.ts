import { secondUs } from '@hindcast/contracts';
import fc from 'fast-check';
import { SourceFailover } from './source-failover.js';

const options = { count: 3, failoverUs: 5 * secondUs, fallbackUs: 30 * secondUs };

function wanted(failover: SourceFailover): number[] {
  return [0, 1, 2].filter((index) => failover.isWanted(index));
}

describe('an ordered list of sources', () => {
  it('begins with the first, and takes the next where it does not answer', () => {
    const failover = new SourceFailover(options, 0);
    expect(wanted(failover)).toEqual([0]);
    failover.decide(4 * secondUs);
    expect(wanted(failover)).toEqual([0]);
    failover.decide(5 * secondUs);
    expect(wanted(failover)).toEqual([0, 1]);
    failover.heard(1, true, 6 * secondUs);
    expect([failover.active, failover.failovers]).toEqual([1, 0]);
  });

  it('lets the worse ones go once a better one has answered for long enough', () => {
    const failover = new SourceFailover(options, 0);
    failover.heard(0, true, 0);
    failover.heard(0, false, 100 * secondUs);
    expect([failover.active, wanted(failover)]).toEqual([undefined, [0]]);
    failover.decide(105 * secondUs);
    failover.heard(1, true, 106 * secondUs);
    expect([failover.active, wanted(failover), failover.failovers]).toEqual([1, [0, 1], 1]);
    failover.heard(0, true, 110 * secondUs);
    failover.decide(139 * secondUs);
    expect(failover.active).toBe(1);
    failover.decide(140 * secondUs);
    expect([failover.active, wanted(failover), failover.failovers]).toEqual([0, [0], 2]);
  });

  it('does not go back to one that comes and goes', () => {
    const failover = new SourceFailover(options, 0);
    failover.decide(5 * secondUs);
    failover.heard(1, true, 5 * secondUs);
    for (let second = 6; second < 200; second++) failover.heard(0, second % 20 !== 0, second * secondUs);
    expect([failover.active, failover.failovers]).toEqual([1, 0]);
  });

  it('passes over one that does not know the symbol, at once and for good', () => {
    const failover = new SourceFailover(options, 0);
    failover.useless(0, secondUs);
    expect(wanted(failover)).toEqual([1]);
    failover.heard(1, true, 2 * secondUs);
    failover.heard(0, true, 3 * secondUs);
    failover.decide(100 * secondUs);
    expect([failover.active, wanted(failover)]).toEqual([1, [1]]);
  });

  it('has an active source whenever one has answered for long, and none that is silent', () => {
    const step = fc.record({ waitS: fc.integer({ min: 0, max: 40 }), index: fc.nat(2), isUp: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const failover = new SourceFailover(options, 0);
        const up = [false, false, false];
        let nowUs = 0;
        for (const { waitS, index, isUp } of steps) {
          for (let second = 0; second < waitS; second++) failover.decide((nowUs += secondUs));
          // One that is not connected cannot be heard.
          up[index] = isUp && failover.isWanted(index);
          failover.heard(index, up[index], nowUs);
          up.forEach((_, other) => (up[other] &&= failover.isWanted(other)));
          if (failover.active !== undefined) expect(up[failover.active]).toBe(true);
          expect(failover.active === undefined).toBe(!up.includes(true));
        }
      }),
    );
  });
});
