import { jest } from '@jest/globals';
import { HindcastError, isoFromUs, secondUs } from '@hindcast/contracts';
import fc from 'fast-check';
import { admitted, arbitraryTrades, cutInto, dayStartUs, endMark, patienceMs, walk } from '../market.fixture.js';
import { microseconds, ReplayScene } from './replay.fixture.js';

jest.setTimeout(patienceMs);

const spy = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 900, seed: 61 });
const ibm = walk({ symbol: 'IBM', fromUs: dayStartUs + 100 * secondUs, seconds: 600, seed: 62 });
const both = admitted([{ trades: [...spy, ...ibm].sort((a, b) => a.timeUs - b.timeUs), marks: endMark(spy, 10 * secondUs) }]);

type Move =
  | { readonly kind: 'states' | 'trades' | 'seconds' | 'turn'; readonly count: number }
  | { readonly kind: 'seek'; readonly place: number }
  | { readonly kind: 'speed'; readonly speed: number | 'max' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' };

const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constantFrom('states' as const, 'trades' as const, 'seconds' as const), count: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ kind: fc.constant('turn' as const), count: fc.integer({ min: 1, max: 20_000 }) }),
  fc.record({ kind: fc.constant('seek' as const), place: fc.nat() }),
  fc.record({ kind: fc.constant('speed' as const), speed: fc.constantFrom(0.5, 1, 7, 1_000, 'max' as const) }),
  fc.constantFrom<Move>({ kind: 'pause' }, { kind: 'resume' }),
);

/** A replay under these moves; returns where its last run began. */
async function moved(scene: ReplayScene, moves: readonly Move[], fromUs: number): Promise<number> {
  const { replays, live } = scene;
  const toUs = live[live.length - 1].timeUs;
  let beganUs = fromUs;
  for (const step of moves) {
    if (step.kind === 'turn') await scene.turn(step.count);
    else if (step.kind === 'pause') await replays.pause('r');
    else if (step.kind === 'resume') await replays.resume('r');
    else if (step.kind === 'speed') await replays.setSpeed('r', step.speed);
    else if (step.kind === 'seek') {
      beganUs = fromUs + (step.place % (toUs - fromUs));
      await replays.seek('r', beganUs);
    } else await replays.step('r', { [step.kind]: step.count });
    const { run, position, state } = replays.report('r');
    const told = scene.told(run);
    const expected = scene.expected({ fromUs: beganUs });
    expect(told).toEqual(expected.slice(0, told.length));
    // Nothing later than the virtual time is told; once it stands still, everything before it is.
    const last = told.at(-1);
    if (last !== undefined)
      expect(microseconds((JSON.parse(last) as { timestamp: string }).timestamp)).toBeLessThanOrEqual(microseconds(position));
    if (state === 'paused') {
      const due = scene.expected({ fromUs: beganUs, toUs: microseconds(position) - 1 });
      expect(told.slice(0, due.length)).toEqual(due);
    }
  }
  return beganUs;
}

describe('a replay', () => {
  it('tells the bits that the live path told, however it is paused, stepped, moved and sped up', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryTrades,
        fc.array(fc.nat(), { maxLength: 5 }),
        fc.array(move, { maxLength: 8 }),
        fc.nat(),
        async (trades, cuts, moves, place) => {
          const scene = new ReplayScene(admitted([...cutInto(trades, cuts), { trades: [], marks: endMark(trades) }]));
          const fromUs = scene.live[place % scene.live.length].timeUs - secondUs;
          await scene.start({ fromUs });
          const beganUs = await moved(scene, moves, fromUs);
          await scene.replays.setSpeed('r', 'max');
          await scene.replays.resume('r');
          const { state, run, states, remaining_seconds: left } = await scene.atRest();
          const expected = scene.expected({ fromUs: beganUs });
          expect(scene.told(run)).toEqual(expected);
          expect({ state, states, left }).toEqual({ state: 'ended', states: expected.length, left: 0 });
          expect(scene.bus.keys.size).toBe(0);
          expect(scene.store.writes).toBe(0);
          await scene.replays.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  it('steps by exactly so many states, also among several of one time', async () => {
    const scene = new ReplayScene(both);
    await scene.start({ fromUs: dayStartUs + 200 * secondUs });
    const expected = scene.expected({ fromUs: dayStartUs + 200 * secondUs });
    for (const [count, total] of [
      [1, 1],
      [1, 2],
      [3, 5],
      [300, 305],
    ]) {
      expect(await scene.replays.step('r', { states: count })).toMatchObject({ state: 'paused', states: total });
      expect(scene.told(1)).toEqual(expected.slice(0, total));
    }
  });

  it('steps by seconds of event time, and by trades to the end of their bar', async () => {
    const scene = new ReplayScene(both);
    const fromUs = dayStartUs + 300 * secondUs;
    await scene.start({ fromUs });
    expect(await scene.replays.step('r', { seconds: 10 })).toMatchObject({ position: isoFromUs(fromUs + 10 * secondUs), states: 20 });
    const inBars = (throughUs: number): number => [...spy, ...ibm].filter(({ timeUs }) => timeUs >= fromUs && timeUs < throughUs).length;
    expect(scene.replays.report('r').trades).toBe(inBars(fromUs + 10 * secondUs));
    const { trades, position } = await scene.replays.step('r', { trades: 25 });
    const before = inBars(fromUs + 10 * secondUs);
    expect(trades - before).toBeGreaterThanOrEqual(25);
    expect(inBars(microseconds(position) - secondUs) - before).toBeLessThan(25);
  });

  it('keeps its speed: a state is told when its time has come, and not before', async () => {
    const scene = new ReplayScene(both);
    const fromUs = dayStartUs + 300 * secondUs;
    await scene.start({ fromUs, speed: 10, isPaused: false, symbols: ['SPY'] });
    expect((await scene.turn(99)).states).toBe(0);
    expect((await scene.turn(1)).states).toBe(1);
    expect(await scene.turn(5_950)).toMatchObject({ state: 'playing', states: 60, position: isoFromUs(fromUs + 60_500_000) });
    await scene.replays.pause('r');
    expect(await scene.turn(60_000)).toMatchObject({ state: 'paused', states: 60, position: isoFromUs(fromUs + 60_500_000) });
    await scene.replays.resume('r');
    expect((await scene.turn(49)).states).toBe(60);
    expect((await scene.turn(1)).states).toBe(61);
    await scene.replays.setSpeed('r', 1);
    expect((await scene.turn(999)).states).toBe(61);
    expect((await scene.turn(1)).states).toBe(62);
  });

  it('shows where everything stands, at the beginning and after a seek', async () => {
    const scene = new ReplayScene(both);
    const standing = (atUs: number): string[] => {
      const newest = new Map(scene.live.filter(({ timeUs }) => timeUs <= atUs).map((state) => [state.symbol, state.timeUs]));
      return [...newest].map(([symbol, timeUs]) => `${symbol} ${isoFromUs(timeUs)}`).sort();
    };
    const shown = (): string[] =>
      scene.replays
        .standing('r', undefined)
        .states.map(({ symbol, timestamp }) => `${symbol} ${timestamp}`)
        .sort();
    await scene.start({ fromUs: dayStartUs + 50 * secondUs });
    expect(shown()).toEqual(standing(dayStartUs + 50 * secondUs));
    await scene.replays.step('r', { seconds: 400 });
    expect(shown()).toEqual(standing(dayStartUs + 450 * secondUs));
    expect(await scene.replays.seek('r', dayStartUs + 80 * secondUs)).toMatchObject({ run: 2, states: 0, state: 'paused' });
    expect(shown()).toEqual(standing(dayStartUs + 80 * secondUs));
    expect(scene.replays.standing('r', ['IBM']).states).toEqual([]);
    await expect(scene.replays.seek('r', dayStartUs)).rejects.toMatchObject({ code: 'FIELD_INVALID' });
  });

  it('waits where store or bus fail, and goes on with the next state when it is resumed', async () => {
    const scene = new ReplayScene(both);
    const fromUs = dayStartUs + 200 * secondUs;
    await scene.start({ fromUs });
    await scene.replays.step('r', { states: 10 });
    scene.bus.down = true;
    expect(await scene.replays.step('r', { states: 5 })).toMatchObject({ state: 'failed', error: expect.stringContaining('BUS_AWAY') });
    scene.bus.down = false;
    const read = scene.store.trades.bind(scene.store);
    let failuresLeft = 2;
    scene.store.trades = async function* (range) {
      for await (const piece of read(range)) {
        if (failuresLeft > 0 && piece.timeUs[0] > dayStartUs + 500 * secondUs) {
          failuresLeft -= 1;
          throw new HindcastError('STORE_AWAY', 'gone for a moment');
        }
        yield piece;
      }
    };
    await scene.replays.seek('r', fromUs);
    for (let attempts = 0; attempts < 3; attempts += 1) {
      await scene.replays.resume('r');
      await scene.atRest();
    }
    expect(scene.replays.report('r')).toMatchObject({ state: 'ended' });
    expect(scene.told(2)).toEqual(scene.expected({ fromUs }));
    expect(scene.failures.length).toBeGreaterThan(1);
  });

  it('ends where the live path had come when it began', async () => {
    const scene = new ReplayScene(both);
    const endUs = scene.live[scene.live.length - 1].timeUs;
    const report = await scene.start({ toUs: endUs + 3_600 * secondUs });
    expect(microseconds(report.to)).toBeGreaterThanOrEqual(endUs);
    expect(microseconds(report.to)).toBeLessThan(endUs + 20 * secondUs);
    await expect(scene.start({ name: 'later', fromUs: endUs + 3_600 * secondUs, toUs: endUs + 7_200 * secondUs })).rejects.toMatchObject({
      code: 'FIELD_INVALID',
    });
  });
});

describe('replays', () => {
  it('are told of on their own channel: each change, and the end', async () => {
    const scene = new ReplayScene(both);
    await scene.start();
    await scene.replays.step('r', { states: 2 });
    await scene.replays.resume('r');
    await scene.atRest();
    await scene.replays.remove('r');
    const changes = scene.messages().flatMap((message) => (message.event === 'REPLAY_CHANGED' ? [message.state] : []));
    expect(changes).toEqual(['paused', 'stepping', 'paused', 'playing', 'ended', 'removed']);
    expect(() => scene.replays.report('r')).toThrow(expect.objectContaining({ code: 'REPLAY_UNKNOWN' }));
  });

  it('are bounded, have names of their own, and one that has ended gives way', async () => {
    const scene = new ReplayScene(both);
    await scene.start({ name: 'a' });
    await expect(scene.start({ name: 'a' })).rejects.toMatchObject({ code: 'REPLAY_EXISTS' });
    await scene.start({ name: 'b', isPaused: false });
    await scene.start({ name: 'c' });
    await scene.atRest('b');
    await scene.start({ name: 'd' });
    expect(scene.replays.list().map(({ id }) => id)).toEqual(['a', 'c', 'd']);
    await expect(scene.start({ name: 'e' })).rejects.toMatchObject({ code: 'REPLAYS_FULL' });
    await scene.replays.close();
    expect(scene.replays.count).toBe(0);
  });

  it('do not hear of each other', async () => {
    const scene = new ReplayScene(both);
    await scene.start({ name: 'a', symbols: ['SPY'] });
    await scene.start({ name: 'b', symbols: ['IBM'] });
    await Promise.all([scene.replays.resume('a'), scene.replays.resume('b')]);
    await Promise.all([scene.atRest('a'), scene.atRest('b')]);
    const ofSymbol = (symbol: string): string[] =>
      scene.expected({ fromUs: 0 }).filter((update) => (JSON.parse(update) as { symbol: string }).symbol === symbol);
    expect(scene.told(1, 'a')).toEqual(ofSymbol('SPY'));
    expect(scene.told(1, 'b')).toEqual(ofSymbol('IBM'));
  });
});
