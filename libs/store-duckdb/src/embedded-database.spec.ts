import { walBytesOfEach } from './embedded-database.js';

const limits = { memoryBytesMax: 1_000_000_000, walBytesMax: 64_000_000 };

it.each([
  [1, 64_000_000],
  [10, 16_000_000],
  [100, 2_000_000],
  [200, 1_000_000],
  [10_000, 1_000_000],
])('with %d files open each may have a write-ahead log of %d bytes', (files, bytes) => {
  expect(walBytesOfEach(limits, files)).toBe(bytes);
});

it('is never more than it is allowed to be', () => {
  expect(walBytesOfEach({ ...limits, walBytesMax: 4_000_000 }, 1)).toBe(4_000_000);
});
