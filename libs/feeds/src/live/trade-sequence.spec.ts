import { secondUs } from '@hindcast/contracts';
import fc from 'fast-check';
import type { LiveTrade } from './live-ticks.js';
import { TradeSequence } from './trade-sequence.js';

function trade(number: number, firstNumber = number): LiveTrade {
  return { id: String(number), number, firstNumber, timeUs: number, price: 1, size: 1, side: 0, exchange: '', conditions: '' };
}

function opaque(id: string, timeUs: number): LiveTrade {
  return { ...trade(NaN), id, timeUs };
}

const ids = (trades: readonly LiveTrade[]): string[] => trades.map(({ id }) => id);
const counted = (overrides = {}) => new TradeSequence({ isCounted: true, holdUs: 10 * secondUs, heldMax: 1_000, ...overrides });
const uncounted = () => new TradeSequence({ isCounted: false, holdUs: 10 * secondUs, heldMax: 1_000 });

describe('trades whose ids count through', () => {
  it('go on at once while none is missing', () => {
    const sequence = counted();
    expect(ids(sequence.offer([trade(7), trade(5), trade(6)], 0))).toEqual(['5', '6', '7']);
    expect(ids(sequence.offer([trade(8)], 0))).toEqual(['8']);
    expect(sequence.isHolding).toBe(false);
    expect(sequence.question(secondUs)).toBeUndefined();
  });

  it('wait for one that is late, without asking', () => {
    const sequence = counted();
    sequence.offer([trade(1)], 0);
    expect(ids(sequence.offer([trade(3)], 0))).toEqual([]);
    expect(sequence.isHolding).toBe(true);
    expect(sequence.question(100_000)).toBeUndefined();
    expect(ids(sequence.offer([trade(2)], 100_000))).toEqual(['2', '3']);
    expect(sequence.counts).toEqual({ found: 1, filled: 1, lost: 0 });
  });

  it('have their holes filled by an answer', () => {
    const sequence = counted();
    sequence.offer([trade(1)], 0);
    sequence.offer([trade(4), trade(5), trade(9)], 0);
    const question = sequence.question(200_000);
    expect(question).toMatchObject({ after: { id: '1' }, fromNumber: 2, throughNumber: 3 });
    expect(sequence.question(300_000)).toBeUndefined();
    expect(ids(sequence.answer([trade(1), trade(2), trade(3), trade(4)], 400_000))).toEqual(['2', '3', '4', '5']);
    expect(sequence.question(1_500_000)).toMatchObject({ fromNumber: 6, throughNumber: 8 });
    expect(ids(sequence.answer([trade(6), trade(7), trade(8)], 1_600_000))).toEqual(['6', '7', '8', '9']);
    expect(sequence.counts).toEqual({ found: 2, filled: 2, lost: 0 });
  });

  it('go on without what never came', () => {
    const sequence = counted();
    sequence.offer([trade(1)], 0);
    sequence.offer([trade(4)], 0);
    sequence.question(secondUs);
    expect(sequence.answer(null, 2 * secondUs)).toEqual([]);
    expect(sequence.question(2 * secondUs)).toBeDefined();
    sequence.answer([trade(3)], 3 * secondUs);
    expect(ids(sequence.expire(10 * secondUs - 1))).toEqual([]);
    expect(ids(sequence.expire(10 * secondUs))).toEqual(['3', '4']);
    expect(sequence.counts).toEqual({ found: 1, filled: 0, lost: 1 });
    // Late, but here.
    expect(ids(sequence.offer([trade(2)], 11 * secondUs))).toEqual(['2']);
  });

  it('are held in bounded number', () => {
    const sequence = counted({ heldMax: 3 });
    sequence.offer([trade(1)], 0);
    expect(ids(sequence.offer([trade(3), trade(4), trade(5)], 0))).toEqual([]);
    expect(ids(sequence.offer([trade(6)], 0))).toEqual(['3', '4', '5', '6']);
    expect(sequence.counts.lost).toBe(1);
  });

  it('may stand for several at once, and do not come a second time one by one', () => {
    const sequence = counted();
    sequence.offer([trade(1)], 0);
    expect(ids(sequence.offer([trade(4, 2)], 0))).toEqual(['4']);
    sequence.offer([trade(10, 8)], 0);
    expect(sequence.question(secondUs)).toMatchObject({ fromNumber: 5, throughNumber: 7 });
    expect(ids(sequence.answer([trade(5), trade(6), trade(7), trade(8), trade(9), trade(10)], secondUs))).toEqual(['5', '6', '7', '10']);
  });

  it('are asked for after a reconnect, before anything new has come', () => {
    const sequence = counted();
    sequence.offer([trade(1)], 0);
    sequence.reconnected(0);
    expect(sequence.isHolding).toBe(true);
    expect(sequence.question(secondUs - 1)).toBeUndefined();
    expect(sequence.question(secondUs)).toEqual({ after: trade(1), fromNumber: 2, throughNumber: undefined });
    expect(ids(sequence.answer([trade(2), trade(3)], secondUs))).toEqual(['2', '3']);
    expect(sequence.isHolding).toBe(false);
  });

  it('do not wait for ever for an answer after a reconnect', () => {
    const sequence = counted();
    sequence.offer([trade(1)], 0);
    sequence.reconnected(0);
    expect(ids(sequence.offer([trade(2)], secondUs))).toEqual(['2']);
    sequence.expire(10 * secondUs);
    expect(sequence.isHolding).toBe(false);
  });

  it('go on after a trade of an earlier run', () => {
    const sequence = counted();
    sequence.resume({ id: '7', timeUs: 7 });
    sequence.reconnected(0);
    expect(sequence.question(secondUs)).toMatchObject({ after: { id: '7', timeUs: 7 }, fromNumber: 8 });
    expect(ids(sequence.answer([trade(7), trade(8)], secondUs))).toEqual(['8']);
  });

  it('may be counted anew', () => {
    const sequence = counted();
    sequence.offer([trade(5_000_000)], 0);
    sequence.offer([trade(9_000_000_000)], 0);
    sequence.expire(10 * secondUs);
    expect(ids(sequence.offer([trade(5_000_001)], 11 * secondUs))).toEqual(['5000001']);
    expect(ids(sequence.offer([trade(5_000_003)], 11 * secondUs))).toEqual([]);
  });

  it('come whole and in order through any socket, as long as what is missing can be asked for', () => {
    const scene = fc.record({
      dropped: fc.uniqueArray(fc.integer({ min: 2, max: 39 }), { maxLength: 20 }),
      swaps: fc.array(fc.nat(38), { maxLength: 20 }),
      doubled: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 10 }),
      cuts: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 20 }),
    });
    fc.assert(
      fc.property(scene, ({ dropped, swaps, doubled, cuts }) => {
        const sent = Array.from({ length: 40 }, (_, index) => index + 1);
        for (const at of swaps.filter((place) => place > 0)) [sent[at], sent[at + 1]] = [sent[at + 1], sent[at]];
        const arriving = sent.flatMap((number) => (doubled.includes(number) ? [number, number] : [number]));
        const socket = arriving.filter((number) => !dropped.includes(number));
        const sequence = counted();
        const out: LiveTrade[] = [];
        let nowUs = 0;
        const ask = (): void => {
          const question = sequence.question(nowUs);
          if (!question) return;
          const { fromNumber = 0, throughNumber = 40 } = question;
          out.push(
            ...sequence.answer(
              sent
                .filter((number) => number >= fromNumber && number <= throughNumber)
                .sort((a, b) => a - b)
                .map((n) => trade(n)),
              nowUs,
            ),
          );
        };
        for (let turn = 0; socket.length > 0; turn++) {
          out.push(
            ...sequence.offer(
              socket.splice(0, cuts[turn % cuts.length]).map((number) => trade(number)),
              (nowUs += 150_000),
            ),
          );
          ask();
        }
        for (let turn = 0; turn < 60; turn++) {
          nowUs += secondUs / 5;
          ask();
        }
        const first = [...new Set(ids(out))].map(Number);
        expect(first).toEqual(Array.from({ length: 40 }, (_, index) => index + 1).filter((number) => number >= first[0]));
        expect(sequence.counts.lost).toBe(0);
      }),
    );
  });
});

describe('trades whose ids only tell them apart', () => {
  it('go on at once until the connection was lost', () => {
    const sequence = uncounted();
    expect(ids(sequence.offer([opaque('x', 1), opaque('a', 2)], 0))).toEqual(['x', 'a']);
    expect(sequence.question(secondUs)).toBeUndefined();
    sequence.reconnected(0);
    expect(ids(sequence.offer([opaque('d', 5)], 0))).toEqual([]);
    expect(sequence.question(secondUs)).toEqual({ after: opaque('a', 2) });
    const history = [opaque('x', 1), opaque('a', 2), opaque('b', 3), opaque('c', 4), opaque('d', 5)];
    expect(ids(sequence.answer(history, secondUs))).toEqual(['b', 'c', 'd']);
    expect(sequence.counts).toEqual({ found: 1, filled: 1, lost: 0 });
    expect(sequence.isHolding).toBe(false);
  });

  it('have no hole where nothing happened meanwhile', () => {
    const sequence = uncounted();
    sequence.offer([opaque('a', 2)], 0);
    sequence.reconnected(0);
    sequence.question(secondUs);
    expect(sequence.answer([opaque('a', 2)], secondUs)).toEqual([]);
    expect(sequence.counts).toEqual({ found: 0, filled: 0, lost: 0 });
  });

  it('have lost some where history does not reach back', () => {
    const sequence = uncounted();
    sequence.offer([opaque('a', 2)], 0);
    sequence.reconnected(0);
    sequence.offer([opaque('q', 20)], 0);
    sequence.question(secondUs);
    expect(ids(sequence.answer([opaque('p', 19)], secondUs))).toEqual(['p', 'q']);
    expect(sequence.counts).toEqual({ found: 1, filled: 0, lost: 1 });
  });

  it('go on where no answer comes', () => {
    const sequence = uncounted();
    sequence.offer([opaque('a', 2)], 0);
    sequence.reconnected(0);
    sequence.offer([opaque('b', 3)], secondUs);
    expect(ids(sequence.expire(10 * secondUs))).toEqual(['b']);
    expect(sequence.counts.lost).toBe(1);
  });
});
