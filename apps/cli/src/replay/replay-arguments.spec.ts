import { resolve } from 'node:path';
import { parseReplay, replayKey, type ReplayOptions } from './replay-arguments.js';

const options: ReplayOptions = {
  format: 'lean',
  data: 'data',
  symbols: 'SPY, ibm,SPY',
  from: '2013-10-07',
  to: '2013-10-09',
  kinds: 'trades,quotes',
  speed: 'max',
  batch: '5000',
};

describe('the arguments of a replay', () => {
  it('are parsed once', () => {
    expect(parseReplay(options)).toEqual({
      dataDir: resolve('data'),
      symbols: ['SPY', 'IBM'],
      fromDay: '2013-10-07',
      toDay: '2013-10-09',
      kinds: ['trades', 'quotes'],
      speed: Infinity,
      batchRows: 5000,
      restart: false,
      waitEmbeddings: false,
    });
    expect(parseReplay({ ...options, speed: '0.5' }).speed).toBe(0.5);
  });

  it.each([
    [{ format: 'csv' }, '--format csv'],
    [{ batch: '0' }, '--batch 0'],
    [{ batch: '65537' }, '--batch 65537'],
    [{ batch: '1.5' }, '--batch 1.5'],
    [{ kinds: 'trades,bars' }, '--kinds trades,bars'],
    [{ kinds: '' }, '--kinds '],
    [{ speed: 'fast' }, '--speed fast'],
    [{ speed: '0' }, '--speed 0'],
    [{ speed: '-1' }, '--speed -1'],
  ])('are refused by name: %j', (wrong, words) => {
    expect(() => parseReplay({ ...options, ...wrong })).toThrow(
      expect.objectContaining({ code: 'FIELD_INVALID', message: expect.stringContaining(words) }),
    );
  });

  it('name the same replay whatever speed, batch size and the order of symbols', () => {
    const key = replayKey(parseReplay(options));
    expect(replayKey(parseReplay({ ...options, symbols: 'IBM,SPY', speed: '10', batch: '500', kinds: 'quotes,trades' }))).toBe(key);
    for (const other of [{ symbols: 'SPY' }, { kinds: 'trades' }, { from: '2013-10-08' }, { data: 'elsewhere' }]) {
      expect(replayKey(parseReplay({ ...options, ...other }))).not.toBe(key);
    }
  });
});
