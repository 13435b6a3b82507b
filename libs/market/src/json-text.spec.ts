import fc from 'fast-check';
import { parseJson } from './json-text.js';

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'BODY_INVALID', message: expect.stringMatching(message) as string }) as Error;

describe('JSON of a door', () => {
  it('is what JSON.parse makes of it', () => {
    fc.assert(fc.property(fc.json({ depthSize: 'small' }), (text) => expect(parseJson(text)).toEqual(JSON.parse(text))));
  });

  it.each([
    '{"price":1,"price":2}',
    '{"price":1,"size":3,"price" : 2}',
    '[{"a":1},{"price":1,"\\u0070rice":2}]',
    '{"trades":[{"a":{"price":1,"price":2}}]}',
    '{"a":":","price":1,\n"price"\t:2}',
    '{"a\\\\":1,"a\\\\":2}',
  ])('that says a field twice is refused: %s', (text) => {
    expect(() => parseJson(text)).toThrow(refusal(/^the body has the field ".*" twice in one object$/));
  });

  it.each(['{"a":":b\\":"}', '[{"a":"\\"","b":":"}]', '{"a":{"a":{"a":1}},"b":{"a":1}}', '{"__proto__":1}', '7', '"\\":"'])(
    'that only looks like it is read: %s',
    (text) => expect(parseJson(text)).toEqual(JSON.parse(text)),
  );

  it('is refused where it is none, or nested without end, in the words of its place', () => {
    expect(() => parseJson('{"a":', 'line 7')).toThrow(refusal(/^line 7 is not JSON: /));
    expect(() => parseJson('\ufeff[]')).toThrow(refusal(/^the body is not JSON: /));
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    expect(() => parseJson(deep)).toThrow(refusal(/^the body is nested more than 64 deep$/));
  });

  it('reads a text of one long string in one go', () => {
    const long = '\\"'.repeat(1_000_000);
    expect(() => parseJson(`{"a":"${long}","a":1}`)).toThrow(refusal(/twice/));
  });
});
