import type { HindcastError } from '@hindcast/contracts';
import { questionsAnsweredAtOnceMax, questionsWaitingMax, QuestionTurns } from './question-turns.js';

const staying = new AbortController().signal;

/** Questions that are answered, or fail, when they are told to. */
class Questions {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, PromiseWithResolvers<string>>();

  constructor(readonly turns = new QuestionTurns()) {}

  /** What became of it: its own name, or a code. */
  ask(name: string, signal = staying): Promise<string> {
    const end = Promise.withResolvers<string>();
    this.#ends.set(name, end);
    const answer = (): Promise<string> => {
      this.begun.push(name);
      return end.promise;
    };
    return this.turns.run(answer, signal).catch((error: unknown) => (error as HindcastError).code);
  }

  askMany(word: string, count: number, signal = staying): readonly Promise<string>[] {
    return Array.from({ length: count }, (_, place) => this.ask(`${word} ${place}`, signal));
  }

  async end(...names: readonly string[]): Promise<void> {
    for (const name of names) this.#ends.get(name)?.resolve(name);
    await this.settled();
  }

  async fail(name: string): Promise<void> {
    this.#ends.get(name)?.reject(Object.assign(new Error(name), { code: 'STORE_AWAY' }));
    await this.settled();
  }

  settled(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async endAll(): Promise<void> {
    for (let ended = 0; ended < this.begun.length; ended += 1) await this.end(this.begun[ended]);
  }
}

const names = (word: string, count: number): readonly string[] => Array.from({ length: count }, (_, place) => `${word} ${place}`);

describe('questions', () => {
  it('are worked on a few at once, the others in the order they came in', async () => {
    const questions = new Questions();
    const asked = [...questions.askMany('first', questionsAnsweredAtOnceMax), ...questions.askMany('then', 3)];
    await questions.settled();
    expect(questions.begun).toEqual(names('first', questionsAnsweredAtOnceMax));
    await questions.end('first 3', 'first 1');
    expect(questions.begun.slice(questionsAnsweredAtOnceMax)).toEqual(['then 0', 'then 1']);
    await questions.endAll();
    expect(await Promise.all(asked)).toEqual([...names('first', questionsAnsweredAtOnceMax), ...names('then', 3)]);
  });

  it('are worked on one after another where each takes much room', async () => {
    const questions = new Questions(new QuestionTurns(1));
    const asked = questions.askMany('large', 3);
    await questions.settled();
    expect(questions.begun).toEqual(['large 0']);
    await questions.end('large 0');
    expect(questions.begun).toEqual(['large 0', 'large 1']);
    await questions.endAll();
    expect(await Promise.all(asked)).toEqual(names('large', 3));
  });

  it('are refused where as many wait as may, and let in again when there is room', async () => {
    const questions = new Questions();
    const asked = questions.askMany('first', questionsAnsweredAtOnceMax + questionsWaitingMax);
    expect(await questions.ask('one too many')).toBe('QUEUE_FULL');
    await questions.end('first 0');
    const late = questions.ask('late');
    expect(await questions.ask('one too many again')).toBe('QUEUE_FULL');
    await questions.endAll();
    expect(await late).toBe('late');
    expect(await Promise.all(asked)).toEqual(names('first', questionsAnsweredAtOnceMax + questionsWaitingMax));
    expect(questions.begun).not.toContain('one too many');
  });

  it('leave the queue when nobody waits for them any more, and are never begun', async () => {
    const questions = new Questions();
    const first = questions.askMany('first', questionsAnsweredAtOnceMax);
    const gone = new AbortController();
    const abandoned = questions.askMany('abandoned', questionsWaitingMax, gone.signal);
    gone.abort();
    expect(new Set(await Promise.all(abandoned))).toEqual(new Set(['CALL_CANCELLED']));
    expect(await questions.ask('never there', gone.signal)).toBe('CALL_CANCELLED');
    const others = questions.askMany('other', questionsWaitingMax);
    await questions.endAll();
    expect(await Promise.all([...first, ...others])).toHaveLength(questionsAnsweredAtOnceMax + questionsWaitingMax);
    expect(questions.begun).toEqual([...names('first', questionsAnsweredAtOnceMax), ...names('other', questionsWaitingMax)]);
  });

  it('give their place on where they were given up just as their turn came, and where they fail', async () => {
    const questions = new Questions();
    const first = questions.askMany('first', questionsAnsweredAtOnceMax);
    const gone = new AbortController();
    const abandoned = questions.ask('abandoned', gone.signal);
    const then = questions.askMany('then', 2);
    const ending = questions.fail('first 0');
    // Its turn comes in the same breath.
    queueMicrotask(() => queueMicrotask(() => gone.abort()));
    await ending;
    await questions.fail('first 1');
    expect(await Promise.all([first[0], first[1], abandoned])).toEqual(['STORE_AWAY', 'STORE_AWAY', 'CALL_CANCELLED']);
    expect(questions.begun.slice(questionsAnsweredAtOnceMax)).toEqual(['then 0', 'then 1']);
    await questions.endAll();
    expect(await Promise.all(then)).toEqual(['then 0', 'then 1']);
  });
});
