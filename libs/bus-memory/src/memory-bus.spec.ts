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
  const keyBytesMax = 40;

  it('gives up the least recently used key first', async () => {
    const bus = new MemoryBus({ keyBytesMax });
    await bus.setKeys([
      { key: 'a', value: '1234' },
      { key: 'b', value: '1234' },
      { key: 'c', value: '1234' },
      { key: 'd', value: '1234' },
    ]);
    await bus.getKey('a');
    await bus.setHashes([{ key: 'e', fields: { x: '123' } }]);
    const left = await Promise.all(['a', 'b', 'c', 'd'].map((key) => bus.getKey(key)));
    expect(left).toEqual(['1234', null, '1234', '1234']);
    expect(await bus.getHash('e')).toEqual({ x: '123' });
  });

  it('counts what it holds right over any number of changes', async () => {
    const bus = new MemoryBus({ keyBytesMax });
    for (let round = 0; round < 100; round += 1) {
      await bus.setKeys([{ key: 'a', value: String(round) }]);
      await bus.setHashes([{ key: 'h', fields: { x: round } }]);
      await bus.setHashes([{ key: 'h', fields: { x: null } }]);
    }
    await bus.setKeys([{ key: 'b', value: '123456789' }]);
    expect(await bus.getKey('a')).toBe('99');
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
