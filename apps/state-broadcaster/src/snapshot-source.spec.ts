import { HindcastError } from '@hindcast/contracts';
import { SnapshotSource, type Asker } from './snapshot-source.js';
import type { ShownState } from './subscription.js';
import { state } from './update.fixture.js';

interface Question {
  readonly symbols: readonly string[];
  answer(states: readonly ShownState[]): void;
  fail(error: Error): void;
}

function scene(symbolsMax = 10) {
  const questions: Question[] = [];
  const source = new SnapshotSource({
    symbolsMax,
    retryMs: 1,
    fetchStates: (symbols) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly ShownState[]>();
      questions.push({ symbols, answer: resolve, fail: reject });
      return promise;
    },
  });
  return { source, questions };
}

const never: Asker = {
  signal: new AbortController().signal,
  onAway: () => {
    throw new Error('must not be called');
  },
};

async function asked(questions: readonly Question[], count: number): Promise<Question> {
  while (questions.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
  return questions[count - 1];
}

describe('SnapshotSource', () => {
  it('asks once for all who came together, and gives each its own', async () => {
    const { source, questions } = scene();
    const spy = source.newest(['SPY'], never);
    const both = source.newest(['SPY', 'IBM'], never);
    const question = await asked(questions, 1);
    expect(question.symbols).toEqual(['SPY', 'IBM']);
    question.answer([state('SPY', 1), state('IBM', 1)]);
    expect(await spy).toEqual([state('SPY', 1)]);
    expect(await both).toEqual([state('SPY', 1), state('IBM', 1)]);
  });

  it('asks again for who came while a question was under way', async () => {
    const { source, questions } = scene();
    const early = source.newest(['SPY'], never);
    const first = await asked(questions, 1);
    const late = source.newest(['SPY'], never);
    first.answer([state('SPY', 1)]);
    expect(await early).toEqual([state('SPY', 1)]);
    (await asked(questions, 2)).answer([state('SPY', 2)]);
    expect(await late).toEqual([state('SPY', 2)]);
  });

  it('asks for all where one wants all, or too many are named', async () => {
    const { source, questions } = scene(2);
    const all = source.newest(['*'], never);
    const named = source.newest(['A'], never);
    const question = await asked(questions, 1);
    expect(question.symbols).toEqual(['*']);
    question.answer([state('A', 1), state('B', 1)]);
    expect(await all).toHaveLength(2);
    expect(await named).toEqual([state('A', 1)]);
    void source.newest(['A', 'B', 'C'], never);
    expect((await asked(questions, 2)).symbols).toEqual(['*']);
  });

  it('goes on while market-physics is away, and says so once', async () => {
    const { source, questions } = scene();
    const told: string[] = [];
    const states = source.newest(['SPY'], { ...never, onAway: ({ code }) => told.push(code) });
    for (const count of [1, 2]) (await asked(questions, count)).fail(new HindcastError('UPSTREAM_AWAY'));
    (await asked(questions, 3)).answer([state('SPY', 1)]);
    expect(await states).toEqual([state('SPY', 1)]);
    expect(told).toEqual(['UPSTREAM_AWAY']);
  });

  it('gives up on what retrying cannot help, and goes on with the next', async () => {
    const { source, questions } = scene();
    const refused = source.newest(['SPY'], never);
    (await asked(questions, 1)).fail(new HindcastError('FIELD_INVALID'));
    await expect(refused).rejects.toMatchObject({ code: 'FIELD_INVALID' });
    const next = source.newest(['SPY'], never);
    (await asked(questions, 2)).answer([]);
    expect(await next).toEqual([]);
  });

  it('forgets who has gone, and goes on for the others', async () => {
    const { source, questions } = scene();
    const gone = new AbortController();
    const onAway = (): void => undefined;
    const leaving = source.newest(['IBM'], { signal: gone.signal, onAway });
    const staying = source.newest(['SPY'], { ...never, onAway });
    (await asked(questions, 1)).fail(new HindcastError('UPSTREAM_AWAY'));
    gone.abort();
    await expect(leaving).rejects.toMatchObject({ name: 'AbortError' });
    expect(source.size).toBe(1);
    const next = await asked(questions, 2);
    expect(next.symbols).toEqual(['SPY']);
    next.answer([state('SPY', 1)]);
    expect(await staying).toEqual([state('SPY', 1)]);
    await expect(source.newest(['SPY'], { signal: gone.signal, onAway })).rejects.toMatchObject({ name: 'AbortError' });
    expect(source.size).toBe(0);
  });

  it('asks again for however many wait', async () => {
    const { source, questions } = scene();
    const onAway = (): void => undefined;
    // A signal each, as sessions have.
    const many = Array.from({ length: 130_000 }, () => source.newest(['SPY'], { signal: new AbortController().signal, onAway }));
    (await asked(questions, 1)).fail(new HindcastError('UPSTREAM_AWAY'));
    (await asked(questions, 2)).answer([state('SPY', 1)]);
    expect(await Promise.all(many)).toHaveLength(130_000);
  });
});
