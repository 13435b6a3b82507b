import type { Bus, BusSubscription, ReceivedMessage } from '@hindcast/ports';
import fc from 'fast-check';

export interface BusUnderTest {
  readonly bus: Bus;
  /** Lets keys of this age expire; where time cannot be moved, it just passes. */
  letPass(seconds: number): void;
}

const channel = 'conformance';
const utf8 = new TextDecoder();

/** What every Bus keeps. Each test gets an open bus without keys. */
export function busConformance(name: string, create: () => Promise<BusUnderTest>): void {
  describe(`${name} as a Bus`, () => {
    let tested: BusUnderTest;
    let bus: Bus;

    beforeEach(async () => {
      tested = await create();
      ({ bus } = tested);
    });
    afterEach(async () => {
      await bus.close();
    });

    describe('messages', () => {
      it('arrive in order and to the byte, from the moment that subscribing has resolved', async () => {
        await bus.publish([{ channel, payload: 'too early' }]);
        const subscription = await bus.subscribe([channel]);
        const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
        await bus.publish([
          { channel, payload: 'Lévy Stable' },
          { channel, payload: bytes },
          { channel, payload: '' },
        ]);
        const [text, binary, empty] = await take(subscription, 3);
        expect(utf8.decode(text?.payload)).toBe('Lévy Stable');
        expect([...(binary?.payload ?? [])]).toEqual([...bytes]);
        expect(empty?.payload.length).toBe(0);
        await subscription.close();
      });

      it('arrive in the order of publishing, whatever they are', async () => {
        const subscription = await bus.subscribe([channel]);
        await fc.assert(
          fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 64 }), { minLength: 1, maxLength: 50 }), async (payloads) => {
            await bus.publish(payloads.map((payload) => ({ channel, payload })));
            const received = await take(subscription, payloads.length);
            expect(received.map(({ payload }) => [...payload])).toEqual(payloads.map((payload) => [...payload]));
          }),
          { numRuns: 30 },
        );
        await subscription.close();
      });

      it('arrive behind the keys that were set before them, also where nobody waited for those', async () => {
        const subscription = await bus.subscribe([channel]);
        for (const value of ['1', '2', '3']) {
          const calls = [bus.setKeys([{ key: 'conformance:order', value }]), bus.publish([{ channel, payload: value }])];
          await take(subscription, 1);
          expect(await bus.getKey('conformance:order')).toBe(value);
          await Promise.all(calls);
        }
        await subscription.close();
      });

      it('arrive from the channels asked for only, each with its name', async () => {
        const subscription = await bus.subscribe(['a', 'b']);
        await bus.publish(['a', 'c', 'b', 'a'].map((name, index) => ({ channel: name, payload: String(index) })));
        const received = await take(subscription, 3);
        expect(received.map((message) => `${message.channel}${utf8.decode(message.payload)}`)).toEqual(['a0', 'b2', 'a3']);
        await subscription.close();
      });

      it('reach every reader, and go on reaching the others when one has left', async () => {
        const leaving = await bus.subscribe([channel]);
        const staying = await bus.subscribe([channel]);
        await bus.publish([{ channel, payload: 'one' }]);
        expect(texts(await take(leaving, 1))).toEqual(['one']);
        await leaving.close();
        await bus.publish([{ channel, payload: 'two' }]);
        expect(texts(await take(staying, 2))).toEqual(['one', 'two']);
        await staying.close();
      });

      it('reach a reader that came back to a channel which all had left', async () => {
        await (await bus.subscribe([channel])).close();
        const again = await bus.subscribe([channel]);
        await bus.publish([{ channel, payload: 'back' }]);
        expect(texts(await take(again, 1))).toEqual(['back']);
        await again.close();
      });

      it('are dropped for a slow reader, the oldest first, and counted', async () => {
        const subscription = await bus.subscribe([channel], { queueMax: 3 });
        const onlooker = await bus.subscribe([channel]);
        await bus.publish(Array.from({ length: 10 }, (_, index) => ({ channel, payload: String(index) })));
        // When the onlooker has all of them, so had the slow one.
        await take(onlooker, 10);
        expect(subscription.dropped).toBe(7);
        expect(texts(await take(subscription, 3))).toEqual(['7', '8', '9']);
        expect(onlooker.dropped).toBe(0);
        await Promise.all([subscription.close(), onlooker.close()]);
      });

      it('end for a waiting reader when the subscription is closed', async () => {
        const subscription = await bus.subscribe([channel]);
        const all = collect(subscription);
        await subscription.close();
        expect(await all).toEqual([]);
      });

      it('end the subscription when the reader stops reading', async () => {
        const subscription = await bus.subscribe([channel]);
        await bus.publish([
          { channel, payload: 'first' },
          { channel, payload: 'second' },
        ]);
        for await (const message of subscription) {
          expect(utf8.decode(message.payload)).toBe('first');
          break;
        }
        expect(await collect(subscription)).toEqual([]);
      });

      it('need nobody who listens, and may be none', async () => {
        await bus.publish([{ channel: 'nobody', payload: 'hello' }]);
        await bus.publish([]);
      });
    });

    describe('keys', () => {
      it('hold the newest text, and null where there was none', async () => {
        expect(await bus.getKey('none')).toBeNull();
        await bus.setKeys([
          { key: 'k:1', value: 'old' },
          { key: 'k:2', value: '' },
          { key: 'k:1', value: '{"regime":"Lévy Stable"}' },
        ]);
        expect(await bus.getKey('k:1')).toBe('{"regime":"Lévy Stable"}');
        expect(await bus.getKey('k:2')).toBe('');
        await bus.setKeys([]);
      });

      it('expire, unless they were set again without a time to live', async () => {
        await bus.setKeys([
          { key: 'k:kept', value: 'a', ttlSeconds: 1 },
          { key: 'k:kept', value: 'b' },
          { key: 'k:gone', value: 'c', ttlSeconds: 1 },
        ]);
        expect(await bus.getKey('k:gone')).toBe('c');
        tested.letPass(1);
        await until(async () => (await bus.getKey('k:gone')) === null);
        expect(await bus.getKey('k:kept')).toBe('b');
      });

      it('say how long they still live, or that they do not expire', async () => {
        expect(await bus.getExpiringKey('none')).toBeNull();
        await bus.setKeys([
          { key: 'k:mortal', value: 'a', ttlSeconds: 100 },
          { key: 'k:eternal', value: 'b' },
        ]);
        expect(await bus.getExpiringKey('k:eternal')).toEqual({ value: 'b', ttlSeconds: null });
        const mortal = await bus.getExpiringKey('k:mortal');
        expect(mortal?.value).toBe('a');
        expect(mortal?.ttlSeconds).toBeGreaterThan(0);
        expect(mortal?.ttlSeconds).toBeLessThanOrEqual(100);
      });

      it('are removed, counted, whatever they hold', async () => {
        await bus.setKeys([{ key: 'k:a', value: '1' }]);
        await bus.setHashes([{ key: 'h:a', fields: { x: 1 } }]);
        expect(await bus.removeKeys(['k:a', 'h:a', 'none'])).toBe(2);
        expect(await bus.removeKeys([])).toBe(0);
        expect([await bus.getKey('k:a'), await bus.getHash('h:a')]).toEqual([null, null]);
      });

      it('take hash fields one by one; null removes one, and the key goes with the last', async () => {
        expect(await bus.getHash('h')).toBeNull();
        await bus.setHashes([{ key: 'h', fields: { price: 450.32, bid: 450.31, volume: 1e21 } }]);
        await bus.setHashes([{ key: 'h', fields: { price: '451', bid: null } }]);
        expect(await bus.getHash('h')).toEqual({ price: '451', volume: '1e+21' });
        await bus.setHashes([{ key: 'h', fields: { price: null, volume: null } }]);
        expect(await bus.getHash('h')).toBeNull();
      });

      it('let hashes expire; a change without a time to live leaves it as it was', async () => {
        await bus.setHashes([
          { key: 'h:1', fields: { price: 1 }, ttlSeconds: 1 },
          { key: 'h:1', fields: { price: 2 } },
          { key: 'h:2', fields: { price: 3 } },
        ]);
        tested.letPass(1);
        await until(async () => (await bus.getHash('h:1')) === null);
        expect(await bus.getHash('h:2')).toEqual({ price: '3' });
      });

      it('refuse to be read or changed as what they are not', async () => {
        await bus.setKeys([{ key: 'text', value: 'a' }]);
        await bus.setHashes([{ key: 'hash', fields: { a: 1 } }]);
        await expect(bus.getKey('hash')).rejects.toThrow();
        await expect(bus.getHash('text')).rejects.toThrow();
        await expect(bus.setHashes([{ key: 'text', fields: { a: 1 } }])).rejects.toThrow();
      });
    });

    it('says that it is up, and of which version', async () => {
      expect(await bus.health()).toEqual({ up: true, version: expect.any(String) as string });
    });

    it('refuses everything with BUS_AWAY once it is closed, and ends its readers', async () => {
      const subscription = await bus.subscribe([channel]);
      const all = collect(subscription);
      await bus.close();
      expect(await all).toEqual([]);
      const away = { code: 'BUS_AWAY', retry: true };
      await expect(bus.publish([{ channel, payload: 'a' }])).rejects.toMatchObject(away);
      await expect(bus.subscribe([channel])).rejects.toMatchObject(away);
      await expect(bus.setKeys([{ key: 'k', value: 'v' }])).rejects.toMatchObject(away);
      await expect(bus.getHash('k')).rejects.toMatchObject(away);
      await expect(bus.getExpiringKey('k')).rejects.toMatchObject(away);
      await expect(bus.removeKeys(['k'])).rejects.toMatchObject(away);
      expect(await bus.health()).toMatchObject({ up: false });
    });
  });
}

function texts(messages: readonly ReceivedMessage[]): readonly string[] {
  return messages.map(({ payload }) => utf8.decode(payload));
}

/** The next messages, leaving the subscription open. */
async function take(subscription: BusSubscription, count: number): Promise<readonly ReceivedMessage[]> {
  const messages: ReceivedMessage[] = [];
  const iterator = subscription[Symbol.asyncIterator]();
  while (messages.length < count) {
    const next = await iterator.next();
    if (next.done) throw new Error(`the subscription ended after ${messages.length} of ${count} messages`);
    messages.push(next.value);
  }
  return messages;
}

async function collect(subscription: BusSubscription): Promise<readonly ReceivedMessage[]> {
  const messages: ReceivedMessage[] = [];
  for await (const message of subscription) messages.push(message);
  return messages;
}

const pollIntervalMs = 20;

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
}
