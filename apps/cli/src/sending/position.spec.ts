import { parsePosition } from './position.js';

it('a position is read back', () => {
  expect(parsePosition('{"rows":5000,"streamId":"stream-1"}\n')).toEqual({ rows: 5000, streamId: 'stream-1' });
});

it.each([
  '',
  '{"rows":50',
  '[]',
  'null',
  '{"rows":0,"streamId":"s"}',
  '{"rows":1.5,"streamId":"s"}',
  '{"rows":"7","streamId":"s"}',
  '{"rows":7}',
])('anything else starts from the beginning: %s', (text) => {
  expect(parsePosition(text)).toBeUndefined();
});
