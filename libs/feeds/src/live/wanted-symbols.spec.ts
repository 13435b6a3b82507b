import { WantedSymbols } from './wanted-symbols.js';

const never = new AbortController().signal;

it('says whether others are wanted than before', () => {
  const wanted = new WantedSymbols();
  expect(wanted.replace(new Set(['SPY', 'IBM']))).toBe(true);
  expect(wanted.replace(new Set(['IBM', 'SPY']))).toBe(false);
  expect(wanted.replace(new Set(['IBM']))).toBe(true);
  expect([wanted.all, wanted.has('IBM'), wanted.has('SPY')]).toEqual([['IBM'], true, false]);
});

it('waits until any is wanted, and not where one is', async () => {
  const wanted = new WantedSymbols();
  let isOver = false;
  const waiting = wanted.any(never).then(() => (isOver = true));
  wanted.replace(new Set());
  await new Promise(setImmediate);
  expect(isOver).toBe(false);
  wanted.replace(new Set(['SPY']));
  await waiting;
  await wanted.any(never);
});

it('waits no longer than the signal says', async () => {
  const abort = new AbortController();
  const wanted = new WantedSymbols();
  const waiting = wanted.any(abort.signal);
  abort.abort();
  await waiting;
  await wanted.any(abort.signal);
});
