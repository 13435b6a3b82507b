import { accessVariables, interpolated, readCompose } from './read-compose.mjs';

it.each([
  ['${A}', 'one'],
  ['${NONE}', ''],
  ['${A:-two}', 'one'],
  ['${EMPTY:-two}', 'two'],
  ['${NONE:-}', ''],
  ['http${A:+s}://host', 'https://host'],
  ['http${NONE:+s}://host', 'http://host'],
  ['$$(cat file) costs 5$', '$(cat file) costs 5$'],
  ['${NONE:-./a.yml}:/b.yml:ro', './a.yml:/b.yml:ro'],
])('reads %s as Compose does: %s', (text, expected) => {
  expect(interpolated({ list: [text, 1, null, true] }, { A: 'one', EMPTY: '' })).toEqual({ list: [expected, 1, null, true] });
});

it('leaves what it does not understand, for the check to name', () => {
  expect(interpolated('${A?is missing}', { A: 'one' })).toBe('${A?is missing}');
});

it('reads a file with nothing set, and with keys and certificates', () => {
  const { open, secured } = readCompose('x: &x { KEYS: "${HINDCAST_API_KEYS:-}" }\nservices: { a: { environment: { <<: [*x] } } }\n');
  expect(open.services.a.environment).toEqual({ KEYS: '' });
  expect(secured.services.a.environment).toEqual({ KEYS: accessVariables.HINDCAST_API_KEYS });
});
