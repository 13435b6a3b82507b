import { resolve } from 'node:path';
import { importKey, parseImport, type ImportOptions } from './import-arguments.js';

const options: ImportOptions = { batch: '5000' };

describe('the arguments of an import', () => {
  it('are parsed once', () => {
    const given = {
      ...options,
      columns: 'timestamp=ts, price = px,size=3',
      timestampUnit: 'ns',
      symbol: 'BTC-USDT',
      market: 'okx/spot',
      rejects: 'r',
    };
    expect(parseImport(['a', 'b'], given)).toEqual({
      paths: ['a', 'b'],
      hints: { columns: { timestamp: 'ts', price: 'px', size: '3' }, timestampUnit: 'ns', symbol: 'BTC-USDT', market: 'okx/spot' },
      rejectsPath: resolve('r'),
      batchRows: 5_000,
      dryRun: false,
      yes: false,
      restart: false,
      waitEmbeddings: false,
    });
  });

  it.each([
    [{ batch: '0' }, '--batch 0'],
    [{ columns: 'px' }, '--columns px'],
    [{ columns: 'open=o' }, '--columns open=o: allowed is FIELD=NAME with commas between, FIELD one of timestamp'],
    [{ columns: 'price=' }, '--columns price='],
    [{ timestampUnit: 'minutes' }, '--timestamp-unit minutes'],
    [{ symbol: 'btc' }, '--symbol btc'],
    [{ market: 'okx' }, '--market okx'],
    [{ source: 'a b' }, '--source a b'],
  ])('are refused by name: %j', (wrong, words) => {
    expect(() => parseImport([], { ...options, ...wrong })).toThrow(
      expect.objectContaining({ code: 'FIELD_INVALID', message: expect.stringContaining(words) }),
    );
  });

  it('have a key of their plan', () => {
    expect(importKey('a')).toMatch(/^[0-9a-f]{16}$/);
    expect(importKey('a')).not.toBe(importKey('b'));
  });
});
