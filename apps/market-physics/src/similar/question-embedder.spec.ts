import type { HindcastError } from '@hindcast/contracts';
import { HashEmbedder } from '@hindcast/testing';
import { QuestionEmbedder, questionsAtOnce } from './question-embedder.js';

/** An embedder whose calls are worked off in their order, one each time it is let go on. */
class SteppingEmbedder extends HashEmbedder {
  readonly done: (readonly string[])[] = [];
  private readonly due: { readonly sentences: readonly string[]; readonly go: () => void }[] = [];

  override async embed(sentences: readonly string[]): Promise<Float32Array> {
    await new Promise<void>((resolve) => this.due.push({ sentences, go: resolve }));
    return super.embed(sentences);
  }

  get calls(): number {
    return this.due.length;
  }

  async step(): Promise<void> {
    const next = this.due.shift();
    if (next === undefined) throw new Error('nothing is due');
    this.done.push(next.sentences);
    next.go();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const staying = new AbortController().signal;

function scene() {
  const embedder = new SteppingEmbedder();
  return { embedder, questions: new QuestionEmbedder(embedder) };
}

/** Asked, and what became of it as a word or a vector. */
function ask(questions: QuestionEmbedder, names: readonly string[], signal = staying): Promise<readonly unknown[]> {
  return Promise.all(names.map((name) => questions.vectorOf(name, signal).catch((error: unknown) => (error as HindcastError).code)));
}

function named(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `question ${index}`);
}

describe('questions to the embedder', () => {
  it('each gets its own vector', async () => {
    const { embedder, questions } = scene();
    const names = named(questionsAtOnce + 2);
    const answers = ask(questions, names);
    while (embedder.calls > 0) await embedder.step();
    const alone = await Promise.all(names.map((name) => new HashEmbedder().embed([name])));
    expect(await answers).toEqual(alone);
  });

  it('take turns with batches of states, whichever are more', async () => {
    const { embedder, questions } = scene();
    const answers = ask(questions, named(3 * questionsAtOnce));
    const states = (async () => {
      for (let batch = 0; batch < 3; batch += 1) await embedder.embed(['a state']);
    })();
    while (embedder.calls > 0) await embedder.step();
    await Promise.all([answers, states]);
    const kinds = embedder.done.map(([sentence]) => (sentence === 'a state' ? 'states' : 'questions'));
    // The first question had the embedder to itself.
    expect(kinds.slice(0, 6)).toEqual(['questions', 'states', 'questions', 'states', 'questions', 'states']);
    expect(Math.max(...embedder.done.map(({ length }) => length))).toBe(questionsAtOnce);
  });

  it('that nobody waits for any more are not embedded', async () => {
    const { embedder, questions } = scene();
    const first = ask(questions, ['first']);
    const gone = new AbortController();
    const abandoned = ask(questions, named(3 * questionsAtOnce), gone.signal);
    gone.abort();
    expect(new Set(await abandoned)).toEqual(new Set(['CALL_CANCELLED']));
    expect(await ask(questions, ['late'], gone.signal)).toEqual(['CALL_CANCELLED']);
    const others = ask(questions, ['other']);
    while (embedder.calls > 0) await embedder.step();
    await Promise.all([first, others]);
    expect(embedder.done).toEqual([['first'], ['other']]);
  });

  it('fail as the embedder fails, and the next ones are asked', async () => {
    const embedder = new HashEmbedder();
    const embed = embedder.embed.bind(embedder);
    let failures = 1;
    embedder.embed = async (sentences) => {
      if (failures-- > 0) throw Object.assign(new Error('the model failed'), { code: 'INTERNAL' });
      return embed(sentences);
    };
    const questions = new QuestionEmbedder(embedder);
    expect(await ask(questions, ['first'])).toEqual(['INTERNAL']);
    expect(await ask(questions, ['second'])).toEqual([await embed(['second'])]);
  });
});
