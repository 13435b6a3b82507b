import { busConformance } from '@hindcast/testing';
import { MemoryBus } from './memory-bus.js';

busConformance('MemoryBus', async () => {
  let nowUs = 1_381_152_600_000_000;
  return {
    bus: new MemoryBus({ clock: { nowUs: () => nowUs } }),
    letPass: (seconds) => (nowUs += seconds * 1_000_000),
  };
});

describe('MemoryBus in bounded memory', () => {
  /** Room for three of the keys below. */
  const keyBytesMax = 3 * (160 + 2 * 5);

  it('gives up the least recently used key first', async () => {
    const bus = new MemoryBus({ keyBytesMax });
    for (const key of ['a', 'b', 'c']) await bus.setKeys([{ key, value: '1234' }]);
    await bus.getKey('a');
    await bus.setKeys([{ key: 'd', value: '1234' }]);
    const left = await Promise.all(['a', 'b', 'c', 'd'].map((key) => bus.getKey(key)));
    expect(left).toEqual(['1234', null, '1234', '1234']);
    await bus.setHashes([{ key: 'e', fields: { x: '123' } }]);
    expect(await bus.getHash('e')).toEqual({ x: '123' });
    expect(bus.statistics()).toMatchObject({ keys: 2, evictedKeys: 3 });
  });

  it('counts what it holds right over any number of changes', async () => {
    const bus = new MemoryBus();
    await bus.setKeys([{ key: 'a', value: '0' }]);
    const { keyBytes } = bus.statistics();
    for (let round = 0; round < 100; round += 1) {
      await bus.setKeys([{ key: 'a', value: String(round % 10) }]);
      await bus.setHashes([{ key: 'h', fields: { x: round } }]);
      await bus.setHashes([{ key: 'h', fields: { x: null } }]);
    }
    expect(bus.statistics()).toMatchObject({ keys: 1, keyBytes, evictedKeys: 0 });
  });

  it('keeps many small keys within its bound too', async () => {
    const bus = new MemoryBus({ keyBytesMax: 100_000 });
    for (let n = 0; n < 2_000; n += 1) await bus.setKeys([{ key: String(n), value: '' }]);
    const { keys, keyBytes } = bus.statistics();
    expect(keyBytes).toBeLessThanOrEqual(100_000);
    expect(keys).toBeLessThan(700);
  });

  it('lets go what has expired, although nobody asks for it again', async () => {
    let nowUs = 0;
    const bus = new MemoryBus({ clock: { nowUs: () => nowUs } });
    for (let n = 0; n < 50; n += 1) await bus.setKeys([{ key: `agent:${n}`, value: '{}', ttlSeconds: 1 }]);
    nowUs = 1_000_000;
    for (let n = 0; n < 100; n += 1) await bus.setKeys([{ key: 'state', value: String(n) }]);
    expect(bus.statistics().keys).toBe(1);
  });

  it('does not let a publisher change what was published', async () => {
    const bus = new MemoryBus();
    const subscription = await bus.subscribe(['c']);
    const payload = Uint8Array.of(1, 2, 3);
    await bus.publish([{ channel: 'c', payload }]);
    payload.fill(0);
    const first = await subscription[Symbol.asyncIterator]().next();
    expect(first.value?.payload).toEqual(Uint8Array.of(1, 2, 3));
    await bus.close();
  });
});
