import { pino } from 'pino';
import { Lifecycle } from './lifecycle.js';

const lines: string[] = [];
const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });

function lifecycle(limits = { drainMaxMs: 20, stopHookMaxMs: 20 }): Lifecycle {
  lines.length = 0;
  return new Lifecycle(logger, limits);
}

describe('Lifecycle', () => {
  it('stops the latest registered first, one after the other, and once', async () => {
    const life = lifecycle();
    const order: string[] = [];
    for (const name of ['store', 'log', 'door']) {
      life.onStop(name, async () => {
        order.push(`${name} begins`);
        await Promise.resolve();
        order.push(`${name} ends`);
      });
    }
    expect(await Promise.all([life.stop(), life.stop()])).toEqual([true, true]);
    expect(order).toEqual(['door begins', 'door ends', 'log begins', 'log ends', 'store begins', 'store ends']);
  });

  it('tells endless streams first, so that they do not hold up the drain', async () => {
    const life = lifecycle({ drainMaxMs: 60_000, stopHookMaxMs: 20 });
    life.requestBegan();
    life.signal.addEventListener('abort', () => life.requestEnded());
    expect(life.stopping).toBe(false);
    expect(await life.stop()).toBe(true);
    expect(life.stopping).toBe(true);
  });

  it('goes on without a request that does not end', async () => {
    const life = lifecycle();
    let stopped = false;
    life.onStop('store', () => void (stopped = true));
    life.requestBegan();
    expect(await life.stop()).toBe(false);
    expect(stopped).toBe(true);
    expect(lines.join()).toContain('requests did not end in time');
  });

  it('goes on after a hook that fails or hangs, and says which', async () => {
    const life = lifecycle();
    const order: string[] = [];
    life.onStop('first', () => void order.push('first'));
    life.onStop('hanging', () => new Promise(() => undefined));
    life.onStop('failing', () => {
      throw new Error('no');
    });
    expect(await life.stop()).toBe(false);
    expect(order).toEqual(['first']);
    expect(lines.map((line) => (JSON.parse(line) as { hook: string }).hook)).toEqual(['failing', 'hanging']);
  });
});
