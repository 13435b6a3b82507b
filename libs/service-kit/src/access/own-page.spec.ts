import { requireOwnPage, type OwnDoors, type PageClaims } from './own-page.js';

const own = { bind: '127.0.0.1', container: false };

function refusal(claims: PageClaims, doors: OwnDoors = own): unknown {
  try {
    requireOwnPage(claims, doors);
    return undefined;
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

describe('without keys', () => {
  it.each(['localhost', 'LocalHost:7701', '127.0.0.1', '127.0.0.1:7701', '[::1]', '[::1]:7701', undefined])('Host %s is ours', (host) => {
    expect(refusal({ host })).toBeUndefined();
  });

  it.each([
    'evil.example',
    'evil.example:7701',
    'localhost.evil.example:7701',
    '127.0.0.1.evil.example',
    '10.0.0.7:7701',
    '',
    'me@localhost',
  ])('Host %j is a name of others, though no Origin is sent', (host) => expect(refusal({ host })).toBe('ORIGIN_REFUSED'));

  it('takes the address that is listened on, and in a container every name', () => {
    expect(refusal({ host: '127.8.9.10:7701' }, { ...own, bind: '127.8.9.10' })).toBeUndefined();
    expect(refusal({ host: '[::1]:1' }, { ...own, bind: '::1' })).toBeUndefined();
    expect(refusal({ host: 'tick-ingest:7701' }, { ...own, container: true })).toBeUndefined();
  });

  it('refuses pages of others by their Origin, in a container too', () => {
    expect(refusal({ host: '127.0.0.1', origin: 'https://evil.example' })).toBe('ORIGIN_REFUSED');
    expect(refusal({ host: '127.0.0.1', origin: 'null' }, { ...own, container: true })).toBe('ORIGIN_REFUSED');
    expect(refusal({ host: '127.0.0.1', origin: 'http://localhost:3000' })).toBeUndefined();
  });
});
