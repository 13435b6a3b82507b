import { runbooks } from '@hindcast/contracts';
import { statusExitCode, watchStatus } from '../commands/status.js';
import { fakeTerminal } from '../terminal.fixture.js';
import { picture } from './picture.js';
import { suiteOf } from './suite.fixture.js';

const quarantined = { runbook: 'quarantine', severity: 'critical', message: 'the store refused 3 rows' } as const;
const behind = { runbook: 'wal-behind', severity: 'warning', message: 'trades is 90 s behind' } as const;

it('shows how things stand, in lines that begin alike', () => {
  const text = picture(suiteOf());
  expect(text.split('\n')[0]).toBe('All is well.');
  expect(text).toContain('log          250,601 of 4,194,304 rows (5.9 %), batches 1 to 51, 31.5 MB on disk');
  expect(text).toContain(
    'followers    tick-store at 51: up to date\n             market-physics at 48: 3 batches, 15,000 rows, 0.2 s behind',
  );
  expect(text).toContain('feeds        auto (simulator, SIMULATED): live, 45,178 trades and 132,729 quotes since the start');
  expect(text).toContain('ledger       balanced: 250,601 trades and 0 quotes stored, 0 pending');
  expect(text).toContain('trades  250,601  368.3 MB           1  2013-10-07  applied');
});

it('what needs a person comes first, with what to do and where to read on', () => {
  const lines = picture(suiteOf({ problems: [behind, quarantined] })).split('\n');
  expect(lines.slice(0, 5)).toEqual([
    '1 thing needs you:',
    '  !! tick-ingest: the store refused 3 rows',
    `     ${runbooks.quarantine} (docs/OPERATING.md#quarantine)`,
    '   - tick-ingest: trades is 90 s behind',
    `     ${runbooks['wal-behind']} (docs/OPERATING.md#wal-behind)`,
  ]);
});

it('a service that does not answer is named, and the others are shown beside it', () => {
  const text = picture(suiteOf({ away: ['market-data'] }));
  expect(text).toContain('!! market-data: market-data does not answer.');
  expect(text).toMatch(/market-data +AWAY/);
  expect(text).toContain('subscribers');
  expect(text).not.toContain('readers');
});

it.each(['KEY_REQUIRED', 'KEY_UNKNOWN', 'RIGHT_MISSING'] as const)('where a service answers %s, the key is what to look at', (code) => {
  const { services, ...suite } = suiteOf({ away: ['market-data'] });
  const text = picture({
    ...suite,
    services: services.map((one) => (one.report === null ? { ...one, error: { code, message: 'it asks for a key' } } : one)),
  });
  expect(text).toContain(`${runbooks['key-refused']} (docs/OPERATING.md#key-refused)`);
  expect(text).toContain('HINDCAST_API_KEY');
  expect(text).not.toContain('Start it again');
  expect(text).toMatch(/market-data +NO KEY/);
});

it('the exit code tells a script what a person would see', () => {
  expect(statusExitCode(suiteOf())).toBe(0);
  expect(statusExitCode(suiteOf({ problems: [behind] }))).toBe(0);
  expect(statusExitCode(suiteOf({ problems: [quarantined] }))).toBe(1);
  expect(statusExitCode(suiteOf({ problems: [quarantined], away: ['market-data'] }))).toBe(3);
});

it('watching looks again until it is interrupted', async () => {
  const abort = new AbortController();
  const terminal = fakeTerminal(abort.signal);
  let looks = 0;
  const look = () => {
    if (++looks === 3) abort.abort();
    return Promise.resolve(suiteOf());
  };
  expect(await watchStatus(look, terminal)).toBe(130);
  expect(terminal.printed).toHaveLength(3);
});
