import { HindcastError, type MemoriesDto, type MemoryJobDto } from '@hindcast/contracts';
import { exitCodes } from '../exit-codes.js';
import { fakeTerminal } from '../terminal.fixture.js';
import { buildRequest, intervalMs, jobFailure, jobLine, memoriesText, waitFor } from './memory.js';

const job: MemoryJobDto = {
  id: 'a',
  kind: 'build',
  memory: 'mine',
  symbols: null,
  from: null,
  to: null,
  state: 'running',
  progress: 0.25,
  moments: 12_000,
  moments_per_second: 4_000,
  remaining_seconds: 9,
  sessions: 12,
  sessions_skipped: 8,
  left_out: [],
};
const waiting = { detach: false, next: 'npx hindcast memory use mine' };

it('tells how far a job is', () => {
  expect(jobLine(job)).toBe('12,000 moments, 4,000/s, 25.0 %, 9.0 s left, 8 of 12 days were there');
  expect(jobLine({ ...job, kind: 'fit', remaining_seconds: null, sessions_skipped: 0 })).toBe('12,000 moments read, learning');
});

it('says which instruments were left out, and why', async () => {
  const words = 'usa/equity OLD: STORE_AWAY: the store shows nothing of it';
  const done = { ...job, state: 'done' as const, left_out: [words] };
  expect(jobLine(done)).toContain(', 1 instrument left out');
  const terminal = fakeTerminal();
  await waitFor(done, { ...waiting, services: { memoryJob: async () => done, cancelMemoryJob: async () => done }, terminal });
  expect(terminal.notes).toContain(`Left out: ${words}`);
});

it('asks for no measuring where it is not to', () => {
  expect(buildRequest('mine', { measure: false, to: '2013-10-09' })).toEqual({
    memory: 'mine',
    measure: false,
    to: '2013-10-10T00:00:00Z',
  });
  expect(buildRequest('mine', { measure: true, symbols: 'SPY,IBM' })).toEqual({ memory: 'mine', symbols: ['SPY', 'IBM'] });
});

it('waits for the end, and says what comes next', async () => {
  const terminal = fakeTerminal();
  const reports = [job, { ...job, progress: 0.9 }, { ...job, state: 'done' as const }];
  const services = { memoryJob: async () => reports.shift() ?? job, cancelMemoryJob: async () => job };
  expect(await waitFor(job, { ...waiting, services, terminal })).toBe(exitCodes.ok);
  expect(terminal.printed).toEqual([
    'Built mine: 12,000 moments, 4,000 a second, 8 of 12 days were there\nNext: npx hindcast memory use mine',
  ]);
});

it('fails under the code of what failed, so that what helps is about that', () => {
  const failed = { ...job, kind: 'fit' as const, state: 'failed' as const };
  expect(jobFailure({ ...failed, error: 'FIELD_INVALID: span: no moment lies in it.' })).toMatchObject({
    code: 'FIELD_INVALID',
    message: 'The fit of mine failed: span: no moment lies in it.',
  });
  expect(jobFailure({ ...failed, error: 'INTERNAL: a fault of ours' })).toMatchObject({ code: 'INTERNAL' });
  expect(jobFailure(failed)).toMatchObject({ code: 'INTERNAL', message: 'The fit of mine failed: it says no reason' });
  expect(jobFailure({ ...failed, state: 'cancelled' })).toMatchObject({ code: 'CALL_CANCELLED' });
});

it('stops the job at Ctrl-C, and says how to go on', async () => {
  const stop = new AbortController();
  const terminal = fakeTerminal(stop.signal);
  const cancelled: string[] = [];
  const services = {
    memoryJob: async () => {
      stop.abort();
      return job;
    },
    cancelMemoryJob: async (id: string) => {
      cancelled.push(id);
      return { ...job, state: 'cancelled' as const };
    },
  };
  expect(await waitFor(job, { ...waiting, services, terminal })).toBe(exitCodes.interrupted);
  expect(cancelled).toEqual(['a']);
  expect(terminal.notes.at(-1)).toBe('Stopped. 12,000 moments are stored; the same command goes on behind the days that are whole.');
});

it('does not wait where it is not to, and passes a failure on', async () => {
  const terminal = fakeTerminal();
  const services = {
    memoryJob: async () => ({ ...job, state: 'failed' as const, error: 'STORE_AWAY: gone' }),
    cancelMemoryJob: async () => job,
  };
  expect(await waitFor(job, { ...waiting, detach: true, services, terminal })).toBe(exitCodes.ok);
  expect(terminal.printed[0]).toContain('goes on in market-physics');
  await expect(waitFor(job, { ...waiting, services, terminal })).rejects.toMatchObject({
    code: 'STORE_AWAY',
    message: 'The build of mine failed: gone',
  });
});

it('lists memories, which one is asked, and how far it is kept up', () => {
  const memory = {
    id: 'mine',
    in_use: true,
    interval_ms: 10_000,
    horizons: ['5m'],
    known_at: '2013-10-09T20:00:00Z',
    fitted: { from: '2013-10-07T13:45:00Z', to: '2013-10-09T20:00:00Z', moments: 9_000 },
    weights: { volatility_1m: 1 },
    skill: null,
    rows: 13_505,
    spans: [{ market: 'usa/equity', symbol: 'SPY', from: '2013-10-07T13:30:00Z', to: '2013-10-08T13:30:00Z' }],
    index: { name: null, type: null, partitions: null, segments: 0, rows_not_indexed: 13_505, recall: null },
    size_bytes: 9_600_000,
    fragments: 3,
  };
  const keeper = { memory: 'mine', rows: 10, instruments: 1, behind_seconds: 60, failure: null };
  const memories: MemoriesDto = { in_use: 'mine', memories: [memory], keeper, jobs: [job] };
  const text = memoriesText(memories);
  expect(text).toContain('*  mine    10 s    13,505                  1  2013-10-09T20:00:00Z  none, every row is compared  9.6 MB');
  expect(text).toContain('at most 1 min 0 s behind');
  expect(text).toContain('build of mine: 12,000 moments');
  const failing = { ...memories, keeper: { ...keeper, failure: 'STORE_AWAY: gone' } };
  expect(memoriesText(failing)).toContain('Not all of it is kept up: STORE_AWAY: gone');
  const none = { ...failing.keeper, instruments: 0 };
  expect(memoriesText({ ...failing, keeper: none })).toContain('None is kept up: STORE_AWAY: gone');
});

it.each(['10', '10h', '-1s', ''])('takes no interval of %p', (text) => {
  expect(() => intervalMs(text)).toThrow(HindcastError);
  expect([intervalMs('10s'), intervalMs('1m')]).toEqual([10_000, 60_000]);
});
