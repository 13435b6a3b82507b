import { untilCalm } from './until-calm.js';

const { signal } = new AbortController();

it('resolves at once where it is calm, and when it has become so', async () => {
  await untilCalm(() => false, signal, 0);
  let polls = 0;
  await untilCalm(() => (polls += 1) < 4, signal, 0);
  expect(polls).toBe(4);
});

it('goes on after half a minute where it never gets calm', async () => {
  let polls = 0;
  await untilCalm(() => (polls += 1) > 0, signal, 0);
  expect(polls).toBe(300);
});

it('waits for nothing once it is stopped', async () => {
  await untilCalm(() => true, AbortSignal.abort());
});
