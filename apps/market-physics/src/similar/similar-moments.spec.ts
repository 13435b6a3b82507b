import { jest } from '@jest/globals';
import type { SimilarAnswer } from '@hindcast/contracts';
import { defaultWeights, signatureNames } from '@hindcast/memory';
import { HeldMoments } from '@hindcast/testing';
import type { SimilarParts } from './similar-moments.js';
import { answering, ask, fittedMemory, heldMemory, market, recordedMoments, remember, timeOf } from './similar.fixture.js';

const time = '2013-10-09T14:30:00Z';
const question = { symbol: 'AAA', market, time };

let memory: HeldMoments;
let answer: SimilarAnswer;
beforeAll(async () => {
  memory = await heldMemory();
  answer = await ask(answering(memory), { ...question, explain: true });
});

async function refusal(body: object, store = memory, parts: Partial<SimilarParts> = {}): Promise<string> {
  try {
    await ask(answering(store, parts), body);
    return 'answered';
  } catch (error) {
    const { code, message } = error as { readonly code: string; readonly message: string };
    return `${code}: ${message}`;
  }
}

it.each([
  ['is kept up', 4, false],
  ['is hours behind what is stored', 7_200, true],
  ['was not looked at yet', null, true],
])('says of a memory that %s whether what is missing is to come', async (_, behindSeconds, isFilling) => {
  const refused = await refusal({ ...question, filter: { symbols: ['ZZZ'] } }, memory, { behindSeconds: () => behindSeconds });
  expect(refused).toMatch(/^MOMENTS_NONE: /);
  expect(refused.endsWith('The memory is still being filled: ask again in some seconds.')).toBe(isFilling);
});

describe('the question', () => {
  it('is told with its level and its signature', () => {
    expect(answer.query).toMatchObject({ symbol: 'AAA', market, timestamp: time });
    expect(Object.keys(answer.query.signature ?? {})).toEqual(signatureNames);
    expect(answer.query.signature?.alpha).toBeNull();
    expect(answer.query.level?.volatility).toBeGreaterThan(0);
    expect(answer.query.path?.seconds.at(-1)).toBe(0);
    expect(answer.query.path?.returns.at(-1)).toBe(0);
  });
});

it('without a time is about the newest moment that was known then', async () => {
  const { query } = await ask(answering(memory), { symbol: 'AAA', market, asOf: time });
  expect(query).toEqual(answer.query);
});

it('may be about a moment after what the memory may know, as in a walk forward', async () => {
  const asOf = '2013-10-09T13:50:00Z';
  const { neighbours, query, receipt } = await ask(answering(memory), { ...question, asOf });
  expect([query.timestamp, receipt.as_of]).toEqual([time, asOf]);
  expect(neighbours.every(({ timestamp }) => timestamp <= asOf)).toBe(true);
});

describe('neighbours', () => {
  it('stand apart from each other and from the question, nearest first, all before it', () => {
    expect(answer.neighbours).toHaveLength(5);
    const times = answer.neighbours.map(({ timestamp }) => timeOf(timestamp));
    for (const at of times) expect(at).toBeLessThanOrEqual(timeOf(time) - 3_600_000_000);
    answer.neighbours.forEach(({ symbol }, i) => {
      for (let j = 0; j < i; j += 1) {
        if (answer.neighbours[j].symbol === symbol) expect(Math.abs(times[j] - times[i])).toBeGreaterThanOrEqual(300_000_000);
      }
    });
    const distances = answer.neighbours.map(({ distance }) => distance ?? NaN);
    expect(distances).toEqual([...distances].sort((one, other) => one - other));
  });

  it('say what made them alike, what followed, and how they got there', () => {
    for (const { explained, outcomes, path } of answer.neighbours) {
      expect(explained?.components.map(({ component }) => component).sort()).toEqual(Object.keys(defaultWeights).sort());
      expect(explained?.components.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
      expect([explained?.alike.length, explained?.different.length]).toEqual([3, 3]);
      expect(Object.keys(outcomes)).toEqual(['1m', '5m', '15m', 'end_of_day', 'next_day']);
      expect(path.before.seconds.at(-1)).toBe(0);
      expect(Math.max(...path.after.seconds)).toBeLessThanOrEqual(900);
      expect(path.before.seconds.length).toBeGreaterThan(10);
    }
  });

  it('are as many as were asked for where there are as many, days apart where that is wished', async () => {
    const many = await ask(answering(memory), { ...question, k: 30, minGap: 0 });
    expect(many.neighbours).toHaveLength(30);
    const distinct = await ask(answering(memory), { ...question, k: 30, distinctDays: true });
    const keys = distinct.neighbours.map(({ symbol, timestamp }) => `${symbol} ${timestamp.slice(0, 10)}`);
    expect(new Set(keys).size).toBe(keys.length);
    // Of two instruments and two days before; on the third nothing lies an hour before the question.
    expect(keys).toHaveLength(4);
  });

  it('pass every part of the filter', async () => {
    const filter = { symbols: ['BBB'], from: '2013-10-08', to: '2013-10-09', components: { volatility_5m: { min: 0 } } };
    const { neighbours, receipt } = await ask(answering(memory), { ...question, filter, explain: true });
    expect(neighbours.length).toBeGreaterThan(0);
    for (const { symbol, timestamp, explained } of neighbours) {
      expect([symbol, timestamp.slice(0, 10)]).toEqual(['BBB', '2013-10-08']);
      expect(explained?.components.find(({ component }) => component === 'volatility_5m')?.neighbour).toBeGreaterThanOrEqual(0);
    }
    expect(receipt.candidates).toBeLessThan(answer.receipt.candidates);
  });
});

describe('what followed', () => {
  it('is compared with what usually follows, a horizon each', () => {
    expect(answer.outcomes.map(({ horizon }) => horizon)).toEqual(['1m', '5m', '15m', 'end_of_day', 'next_day']);
    const [, fiveMinutes] = answer.outcomes;
    expect(fiveMinutes.return.neighbours.count).toBe(20);
    expect(fiveMinutes.return.usual.count).toBeGreaterThan(5);
    expect(fiveMinutes.return.unit).toBe('log-return');
    expect(fiveMinutes.effective_size).toBeGreaterThan(3);
    expect(fiveMinutes.probability_up).toBeGreaterThanOrEqual(0);
    for (const { p_value: pValue } of [fiveMinutes.return, fiveMinutes.volatility_ratio]) expect(pValue > 0 && pValue <= 1).toBe(true);
    expect(fiveMinutes.volatility_ratio.neighbours.quantiles.p50).toBeGreaterThan(0);
  });

  it('is a forecast at the instrument own level, with a band where the memory has errors', () => {
    const [, fiveMinutes] = answer.forecast;
    expect(fiveMinutes.level).toBe(answer.query.level?.volatility);
    expect(fiveMinutes.band?.low).toBeLessThan(fiveMinutes.volatility);
    expect(fiveMinutes.band?.high).toBeGreaterThan(fiveMinutes.volatility);
    expect(answer.forecast.find(({ horizon }) => horizon === 'next_day')?.band).toBeNull();
    expect(answer.verdict.join(' ')).toContain('has not been measured');
  });

  it('compares every candidate where a time is named, and trusts the index where none is', async () => {
    const asked = jest.spyOn(memory, 'search');
    const howSearched = async (body: object): Promise<ReadonlySet<string>> => {
      asked.mockClear();
      await ask(answering(memory), body);
      return new Set(asked.mock.calls.map(([, { search }]) => search));
    };
    const { symbol, market } = question;
    const signature = { volatility_5m: 0.4, session_progress: 0.15 };
    expect(await howSearched(question)).toEqual(new Set(['exact']));
    expect(await howSearched({ symbol, market })).toEqual(new Set(['auto']));
    expect(await howSearched({ signature })).toEqual(new Set(['auto']));
    expect(await howSearched({ signature, asOf: question.time })).toEqual(new Set(['exact']));
    asked.mockRestore();
  });

  it('says first where it is about a time before the one that was named', async () => {
    expect(answer.verdict[0]).not.toContain('This is about');
    const { verdict, query } = await ask(answering(memory), { ...question, time: '2013-10-09T18:09:00Z' });
    expect(query.timestamp).toBe('2013-10-09T16:09:00Z');
    expect(verdict[0]).toBe('This is about AAA as it was 2.0 h before 2013-10-09T18:09:00Z: no newer moment of it is known.');
    const told = async (time: string) => (await ask(answering(memory), { ...question, time })).verdict[0];
    expect(await told('2013-10-19T16:09:00Z')).toContain('as it was 10 days before');
    expect(await told('2025-10-11T16:09:00Z')).toContain('as it was 12.0 years before');
  });

  it('is told of the horizons that were asked for', async () => {
    const asked = await ask(answering(memory), { ...question, horizons: ['15m', '1m'] });
    expect(asked.outcomes.map(({ horizon }) => horizon)).toEqual(['15m', '1m']);
    expect(Object.keys(asked.neighbours[0].outcomes)).toEqual(['15m', '1m']);
  });

  it('is nothing where nothing was known yet, and the verdict says so', async () => {
    const early = await ask(
      answering(await remember(new HeldMoments(), { ...fittedMemory(), knownAtUs: 0 }, recordedMoments(['2013-10-07']))),
      {
        ...question,
        time: '2013-10-07T13:46:00Z',
        excludeWindow: '0s',
        horizons: ['15m'],
      },
    );
    expect(early.neighbours.length).toBeGreaterThan(0);
    expect(early.neighbours.every(({ outcomes, path }) => outcomes['15m'] === null && path.after.seconds.every((at) => at <= 60))).toBe(
      true,
    );
    expect(early.outcomes).toMatchObject([{ candidates: 0, return: { neighbours: { count: 0, mean: null } }, probability_up: null }]);
    expect(early.forecast).toEqual([]);
    expect(early.verdict).toEqual(['Nothing is foretold: no moment of the memory passed the filters with its outcome known.']);
  });
});

describe('a signature', () => {
  it('is a question of its own: what is left out is masked, and returns are told in deviations', async () => {
    const signature = { volatility_5m: 0.4, session_progress: 0.15 };
    const asked = await ask(answering(memory), { signature, asOf: time });
    expect(asked.neighbours).toHaveLength(5);
    expect(asked.query.signature).toMatchObject({ volatility_5m: Math.fround(0.4), volatility_1m: null });
    expect(asked.outcomes[0].return.unit).toBe('hour deviations');
    expect(asked.forecast).toEqual([]);
    expect(asked.receipt).toMatchObject({ space: 'signature', as_of: time });
  });
});

it('a receipt says how it was found', () => {
  expect(answer.receipt).toMatchObject({
    space: 'signature',
    table: 'moments_test',
    memory: { id: 'test', known_at: '2013-10-09T00:00:00Z', skill: null },
    exact: true,
    index: null,
    as_of: time,
    simulated: 0,
  });
  expect(answer.receipt.candidates).toBeLessThan(answer.receipt.rows);
  expect(Object.keys(answer.receipt.phases_ms)).toEqual(['question', 'search', 'outcomes', 'paths', 'forecast']);
});

describe('memories', () => {
  it('fitted later than the question may know of are passed over for the newest that was not', async () => {
    const store = await heldMemory();
    await remember(store, { ...fittedMemory('newer'), knownAtUs: timeOf('2013-10-10') }, recordedMoments([]));
    await store.create({ ...fittedMemory('older'), knownAtUs: timeOf('2013-10-08') });
    expect((await ask(answering(store), question)).receipt.memory?.id).toBe('test');
    expect(await refusal({ ...question, memory: 'newer' }, store)).toMatch(
      /^MEMORY_NOT_KNOWN_YET: Memory newer rests on moments up to 2013-10-10/,
    );
    expect(await refusal({ ...question, time: '2013-10-07T14:30:00Z' }, store)).toMatch('MEMORY_NOT_KNOWN_YET');
    expect(await refusal({ ...question, memory: 'none' }, store)).toBe(
      'MEMORY_UNKNOWN: There is no memory "none"; there are test, newer, older.',
    );
  });

  it('that hold nothing, or nothing that passes, say so', async () => {
    const empty = await remember(new HeldMoments(), fittedMemory(), recordedMoments([]));
    expect(await refusal({ signature: { volatility_1m: 1 } }, empty)).toBe(
      'MEMORY_EMPTY: Memory test holds no moments yet: `npx hindcast memory build test` fills it.',
    );
    expect(await refusal({ ...question, filter: { symbols: ['ZZZ'], components: { return_5m: { min: 99 } } } })).toMatch(
      /^MOMENTS_NONE: No moment of test passes the whole filter; each part alone lets through: asOf \d+, symbols and market 0, excludeWindow \d+, return_5m 0\.$/,
    );
    expect(await refusal({ ...question, symbol: 'ZZZ' })).toBe(`MOMENT_UNKNOWN: ZZZ of ${market} has no signature at or before ${time}.`);
  });
});

describe('refused is', () => {
  it.each([
    [
      { ...question, time: '2030-01-01' },
      'FIELD_INVALID: time=2030-01-01T00:00:00Z: it is to come; times up to now, 2026-01-01T00:00:00Z, are allowed.',
    ],
    [{ ...question, asOf: '2030-01-01' }, 'FIELD_INVALID: asOf=2030-01-01T00:00:00Z: it is to come'],
    [{ ...question, horizons: ['7m'] }, 'FIELD_INVALID: horizons: memory test has no "7m"; allowed are 1m, 5m, 15m, end_of_day, next_day.'],
    [{ signature: { friction: 1 } }, 'FIELD_INVALID: signature: none of friction counts in memory test'],
    [{ signature: {} }, 'FIELD_INVALID: signature={}: at least one component is needed.'],
    [{ signature: { size: 1 } }, 'FIELD_INVALID: signature.size=1: there is no such field, only volatility_1m, volatility_5m, '],
    [{ signature: { friction: NaN } }, 'FIELD_INVALID: signature.friction=NaN: a finite number'],
    [{ ...question, space: 'numbers' }, 'FIELD_INVALID: space="numbers": one of signature, text, hybrid'],
    [{ text: 'busy', space: 'signature' }, 'FIELD_INVALID: space=signature: what is asked about lies in text only.'],
    [{ ...question, k: 0 }, 'FIELD_INVALID: k=0: a whole number from 1 to 100'],
    [{ ...question, k: 1e9 }, 'FIELD_INVALID: k=1000000000: a whole number from 1 to 100'],
    [{ ...question, minGap: '5 minutes' }, 'FIELD_INVALID: minGap="5 minutes": a length of time up to 366d'],
    [
      { ...question, filter: { components: { return_5m: { min: 2, max: 1 } } } },
      'FIELD_INVALID: filter.components.return_5m: min 2 is above max 1.',
    ],
    [{ ...question, space: 'text' }, 'MODEL_MISSING'],
    [{ vector: [1, 2] }, 'MODEL_MISSING'],
  ])('%j', async (body, message) => {
    expect(await refusal(body)).toContain(message);
  });
});

it('the same question of the same memory is answered with the same bits', async () => {
  const again = await ask(answering(await heldMemory()), { ...question, explain: true });
  expect(again).toEqual(answer);
});
