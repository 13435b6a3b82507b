import { setImmediate as turn } from 'node:timers/promises';
import { AnswerQueue } from './answer-queue.js';

async function all<Answer>(queue: AsyncIterable<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for await (const answer of queue) answers.push(answer);
  return answers;
}

it.each([1, 2, 7])('answers in the order of the requests, with a window of %p', async (answersMax) => {
  const queue = new AnswerQueue<number>(answersMax);
  const reading = all(queue);
  for (let at = 0; at < 20; at++) await queue.push(at % 3 === 0 ? turn(at) : Promise.resolve(at));
  queue.end();
  expect(await reading).toEqual(Array.from({ length: 20 }, (_, at) => at));
});

it('holds the requests back while answers wait', async () => {
  const queue = new AnswerQueue<number>(2);
  const first = Promise.withResolvers<number>();
  const reading = all(queue);
  await queue.push(first.promise);
  let hasRoom = false;
  const second = queue.push(Promise.resolve(2)).then(() => (hasRoom = true));
  await turn();
  expect(hasRoom).toBe(false);
  first.resolve(1);
  await second;
  queue.end();
  expect(await reading).toEqual([1, 2]);
});

it('answers what was asked before it ends with an error', async () => {
  const queue = new AnswerQueue<number>(5);
  await queue.push(Promise.resolve(1));
  queue.end(new Error('gone'));
  const answers: number[] = [];
  const reading = (async () => {
    for await (const answer of queue) answers.push(answer);
  })();
  await expect(reading).rejects.toThrow('gone');
  expect(answers).toEqual([1]);
});

it('tells the reader of requests when nobody takes answers any more', async () => {
  const queue = new AnswerQueue<number>(1);
  const pushed = queue.push(Promise.reject(new Error('a bug')));
  await expect(all(queue)).rejects.toThrow('a bug');
  expect(await pushed).toBe(false);
  expect(await queue.push(Promise.resolve(2))).toBe(false);
});
