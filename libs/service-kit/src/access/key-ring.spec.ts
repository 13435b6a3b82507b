import { parseKeyFile, formatKeyFile, keyHash, newKey, type KeyEntry } from './key-file.js';
import { KeyRing } from './key-ring.js';
import { allows, rightOfCall, rightOfRoute, type AskedRight, type Right } from './rights.js';

const entry = (name: string, key: string, more: Partial<KeyEntry> = {}): KeyEntry => ({
  name,
  sha256: keyHash(key),
  rights: ['read'],
  ...more,
});

describe('rights', () => {
  it.each<[readonly Right[], AskedRight, boolean]>([
    [['read'], 'read', true],
    [['read'], 'write', false],
    [['write'], 'read', false],
    [['read', 'write'], 'admin', false],
    [['admin'], 'read', true],
    [['admin'], 'write', true],
    [['write'], 'read+write', false],
    [['read'], 'read+write', false],
    [['read', 'write'], 'read+write', true],
    [['admin'], 'read+write', true],
  ])('%j allows %s: %s', (held, needed, expected) => {
    expect(allows(held, needed)).toBe(expected);
  });

  it('of a route are what it states, else what its method usually does', () => {
    expect(['GET', 'HEAD', 'POST', 'PUT', 'DELETE'].map((method) => rightOfRoute(method, {}))).toEqual([
      'read',
      'read',
      'write',
      'write',
      'write',
    ]);
    expect(rightOfRoute('POST', { right: 'admin' })).toBe('admin');
    expect(rightOfRoute('GET', { right: 'none' })).toBe('none');
  });

  it('of a call are `read` where it only streams answers', () => {
    expect(rightOfCall({ requestStream: false, responseStream: true })).toBe('read');
    expect(rightOfCall({ requestStream: true, responseStream: true })).toBe('write');
    expect(rightOfCall({ requestStream: false, responseStream: false })).toBe('write');
  });
});

describe('KeyRing', () => {
  it('finds a key by what was sent, and nothing else', () => {
    const [one, other] = [newKey(), newKey()];
    const ring = new KeyRing([entry('feed', one), entry('desk', other, { rights: ['read', 'write'], expires: '2027-01-01T00:00:00Z' })]);
    expect(one).toMatch(/^hc_[A-Za-z0-9_-]{43}$/);
    expect(ring.find(one)).toMatchObject({ name: 'feed', rights: ['read'], expiresUs: Infinity });
    expect(ring.find(other)).toMatchObject({ name: 'desk', expiresUs: Date.parse('2027-01-01') * 1_000 });
    for (const presented of ['', newKey(), one.slice(0, -1), `${one} `, keyHash(one), 'x'.repeat(1_000_000)])
      expect(ring.find(presented)).toBeUndefined();
  });

  it('knows a key again in the next version of the file, with the rights it has there', () => {
    const key = newKey();
    const before = new KeyRing([entry('feed', key)]).find(key)!;
    expect(new KeyRing([entry('renamed', key, { rights: ['write'] })]).again(before)).toMatchObject({ name: 'renamed', rights: ['write'] });
    expect(new KeyRing([]).again(before)).toBeUndefined();
  });
});

describe('the key file', () => {
  it('is read as it is written', () => {
    const entries = [entry('feed', 'a'), entry('desk', 'b', { rights: ['admin'], expires: '2027-01-01' })];
    expect(parseKeyFile(formatKeyFile(entries), 'keys.json')).toEqual(entries);
  });

  it.each([
    ['hc_my-plain-key', 'it is not JSON'],
    ['{}', 'the whole="***": a list of at most 256 keys'],
    [JSON.stringify([{ ...entry('feed', 'a'), sha256: 'hc_my-plain-key' }]), '0.sha256="***": the SHA-256 of the key'],
    [JSON.stringify([{ ...entry('feed', 'a'), key: 'hc_my-plain-key' }]), '0.key="***": there is no such field'],
    [JSON.stringify([entry('feed', 'a', { rights: ['everything' as Right] })]), '0.rights.0="***"'],
    [JSON.stringify([entry('feed', 'a', { expires: 'soon' })]), '0.expires="***": a time in ISO 8601'],
    [JSON.stringify([entry('feed', 'a'), entry('feed', 'b')]), 'the name of feed stands there twice'],
    [JSON.stringify([entry('feed', 'a'), entry('desk', 'a')]), 'the sha256 of desk stands there twice'],
    [JSON.stringify(Array.from({ length: 257 }, (_, at) => entry(`k${at}`, String(at)))), 'a list of at most 256 keys'],
  ])('says what is wrong with it, and shows no key: %#', (text, message) => {
    expect(() => parseKeyFile(text, 'keys.json')).toThrow(message);
    expect(() => parseKeyFile(text, 'keys.json')).not.toThrow('my-plain-key');
  });
});
