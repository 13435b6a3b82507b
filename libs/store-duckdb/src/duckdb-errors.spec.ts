import { storeError } from './duckdb-errors.js';

const what = 'the store at /data cannot be opened';

it.each([
  [
    `IO Error: Detached database 'made', but CHECKPOINT during DETACH failed. \nCheckpoint failed for database "made". The database has been invalidated. Original error: Could not write file "/data/a.duckdb": No space left on device`,
    'STORE_AWAY',
    `${what}: its disk has no room (Could not write file "/data/a.duckdb": No space left on device)`,
  ],
  [
    'IO Error: Cannot open file "/data/a.duckdb": Read-only file system',
    'STORE_AWAY',
    `${what}: it cannot be written (IO Error: Cannot open file "/data/a.duckdb": Read-only file system)`,
  ],
  ['IO Error: Could not set lock on file', 'STORE_LOCKED', `${what}: IO Error: Could not set lock on file`],
  ['Something\n  else', 'STORE_REFUSED', `${what}: Something else`],
])('says of %j what it means, in one line', (words, code, message) => {
  expect(storeError(what, new Error(words))).toMatchObject({ code, message });
});

it('leaves bugs of ours as they are', () => {
  expect(() => storeError(what, new TypeError('x is undefined'))).toThrow(TypeError);
});
