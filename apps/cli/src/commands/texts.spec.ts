import { errorBody, HindcastError, type ErrorCode } from '@hindcast/contracts';
import { ledgerOf } from '../sending/ledger.fixture.js';
import { fakeTerminal } from '../terminal.fixture.js';
import { parseSpan, parseTime } from '../time-arguments.js';
import { followersTable } from './followers.js';
import { ledgerTable } from './ledger.js';
import { show, stateLines } from './watch.js';

describe('times of the command line', () => {
  it('are days or times, and a last day is included', () => {
    expect(parseTime('at', '2013-10-09T15:30:00+02:00')).toBe('2013-10-09T13:30:00Z');
    expect(parseSpan({ from: '2013-10-07', to: '2013-10-09' })).toEqual({ from: '2013-10-07T00:00:00Z', to: '2013-10-10T00:00:00Z' });
    expect(parseSpan({ from: '2013-10-07', to: '2013-10-07T12:00:00Z' }).to).toBe('2013-10-07T12:00:00Z');
    expect(() => parseSpan({ from: '2013-10-09', to: '2013-10-07' })).toThrow(expect.objectContaining({ code: 'FIELD_INVALID' }));
    expect(() => parseTime('at', 'yesterday')).toThrow('--at yesterday');
  });
});

it('the ledger is a row a table', () => {
  const text = ledgerTable({
    ...ledgerOf([], { received: 1_200, stored: 1_100, rejected: 100 }),
    rejected_by_code: { PRICE_INVALID: 100 },
  });
  expect(text).toContain('trades          0     1,200   1,100        0       100');
  expect(text).toContain('rejected: PRICE_INVALID 100');
});

it('followers are a row each, the lag where there is one', () => {
  const upToDate = { number: 51, batches_behind: 0, rows_behind: 0, seconds_behind: 0, progress_at: null, cut_off: false };
  const behind = { number: 3, batches_behind: 48, rows_behind: 240_000, seconds_behind: 90, progress_at: '2026-01-05T09:00:00Z' };
  const text = followersTable({
    followers: [
      { follower: 'tick-store', owner: 'hindcast', ...upToDate },
      { follower: 'market-physics', owner: 'hindcast', ...behind, cut_off: true },
      { follower: 'my-backup', owner: 'outside', ...behind, cut_off: false },
    ],
  });
  expect(text.split('\n').slice(2)).toEqual([
    'tick-store      Hindcast          51               0            0            -  -',
    'market-physics  Hindcast           3              48      240,000   1 min 30 s  2026-01-05T09:00:00Z, CUT OFF',
    'my-backup       outside            3              48      240,000   1 min 30 s  2026-01-05T09:00:00Z',
  ]);
});

it('watching shows snapshots and updates alike', () => {
  const data = {
    alpha: 2.8,
    regime: 'Gaussian' as const,
    market: 'usa/equity',
    mass: 0.5,
    velocity: 1,
    momentum: 0.5,
    friction: 0.2,
    entropy: 0.3,
    nash_dist: 0.1,
    price: 168.25,
  };
  const update = { event: 'PHYSICS_UPDATE' as const, symbol: 'SPY', timestamp: '2013-10-07T13:35:00Z', data };
  const { alpha, ...fields } = data;
  const state = {
    ...fields,
    alpha_coefficient: alpha,
    symbol: 'SPY',
    timestamp: '2013-10-07T13:35:00Z',
    volume: 1,
    signed_volume: 0,
    trades: 1,
  };
  expect(stateLines({ event: 'SNAPSHOT', states: [state] })).toEqual(stateLines(update));
  expect(stateLines(update)[0]).toBe(
    '2013-10-07T13:35:00Z   SPY        Gaussian     2.80   0.500  1.000     0.500     0.200     0.300    168.25             usa/equity',
  );
});

describe('watching, told of an error', () => {
  const told = (code: ErrorCode): string => JSON.stringify({ event: 'ERROR', ...errorBody(new HindcastError(code, 'so it is')) });

  it('goes on where the service tries again by itself, and says so beside the states', () => {
    const terminal = fakeTerminal();
    show(told('UPSTREAM_AWAY'), terminal);
    expect(terminal.notes).toEqual(['  (UPSTREAM_AWAY: so it is)']);
    expect(terminal.printed).toEqual([]);
  });

  it.each(['SUBSCRIPTION_INVALID', 'SHUTTING_DOWN'] as const)('ends with %s', (code) => {
    expect(() => show(told(code), fakeTerminal())).toThrow(expect.objectContaining({ code, message: 'so it is' }));
  });
});
