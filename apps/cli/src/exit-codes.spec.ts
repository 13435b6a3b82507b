import { HindcastError } from '@hindcast/contracts';
import { errorLine, exitCodeOf } from './exit-codes.js';

it('each kind of failure has its exit code', () => {
  expect(
    ['UPSTREAM_AWAY', 'STORE_AWAY', 'FIELD_INVALID', 'CONFIG_INVALID', 'MODEL_MISSING', 'INTERNAL'].map((code) =>
      exitCodeOf(new HindcastError(code as 'INTERNAL')),
    ),
  ).toEqual([3, 3, 2, 2, 1, 1]);
  expect(exitCodeOf(new Error('a bug'))).toBe(1);
});

it('a failure is its code, what happened and what helps', () => {
  expect(errorLine(new HindcastError('UPSTREAM_AWAY', 'tick-ingest does not answer.'))).toBe(
    'hindcast: UPSTREAM_AWAY: tick-ingest does not answer. Start the services with `npm start`.',
  );
  expect(errorLine(new HindcastError('FIELD_INVALID', '--speed x: allowed is max.'))).toBe(
    'hindcast: FIELD_INVALID: --speed x: allowed is max.',
  );
  expect(errorLine(new HindcastError('MEMORY_EMPTY'))).toBe(
    'hindcast: MEMORY_EMPTY: Nothing has been remembered yet: import or replay some data first.',
  );
  expect(errorLine(new HindcastError('FEED_UNKNOWN', 'there is no feed named x'))).toBe(
    'hindcast: FEED_UNKNOWN: there is no feed named x. There is no feed of this name; GET /v1/feeds lists them.',
  );
  expect(errorLine(new HindcastError('BODY_INVALID', 'ticks.csv is empty.'))).toBe('hindcast: BODY_INVALID: ticks.csv is empty.');
  expect(errorLine(new TypeError('no'))).toBe('hindcast: INTERNAL: no');
});

it('what the file system refuses is no fault of ours', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { errno: -28, code: 'ENOSPC', syscall: 'write' });
  expect(errorLine(full)).toBe('hindcast: ENOSPC: no space left on device, write');
});
