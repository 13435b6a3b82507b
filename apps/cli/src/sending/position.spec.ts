import { parsePosition } from './position.js';

it('a position is read back', () => {
  expect(parsePosition('{"rows":5000,"streamId":"stream-1"}\n')).toEqual({ rows: 5000, streamId: 'stream-1' });
  const position = { rows: 5000, streamId: 'stream-1', besideBytes: 0 };
  expect(parsePosition(JSON.stringify(position))).toEqual(position);
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
  '{"rows":7,"streamId":"s","besideBytes":-1}',
])('anything else starts from the beginning: %s', (text) => {
  expect(parsePosition(text)).toBeUndefined();
});
