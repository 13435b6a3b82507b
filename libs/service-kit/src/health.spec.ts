import { HealthRegistry, type DependencyHealth } from './health.js';

function scene(options: { readonly probeMaxMs?: number } = {}) {
  const stopping = new AbortController();
  const clock = { ms: 5_000 };
  const health = new HealthRegistry({ service: 'probe', version: '1.2.3', nowMs: () => clock.ms, stopping: stopping.signal, ...options });
  return { health, clock, stopping };
}

describe('HealthRegistry', () => {
  it('is ready without dependencies, and tells its version and uptime', async () => {
    const { health, clock } = scene();
    clock.ms += 61_999;
    expect(await health.ready()).toEqual({ status: 'ready', service: 'probe', version: '1.2.3', uptime_seconds: 61, dependencies: {} });
    expect(health.live()).toEqual({ status: 'live', service: 'probe', version: '1.2.3', uptime_seconds: 61 });
  });

  it('is not ready without a critical dependency, and is without another', async () => {
    const { health, clock } = scene();
    let questdb: DependencyHealth = { up: true, suspended: [] };
    health.register('questdb', async () => questdb);
    health.register('model', async () => ({ up: false, detail: 'not installed' }), { critical: false });
    expect(await health.ready()).toMatchObject({
      status: 'ready',
      dependencies: {
        questdb: { up: true, critical: true, suspended: [] },
        model: { up: false, critical: false, detail: 'not installed' },
      },
    });
    questdb = { up: false, detail: 'trades is suspended' };
    clock.ms += 1_000;
    expect(await health.ready()).toMatchObject({ status: 'not_ready', dependencies: { questdb: { detail: 'trades is suspended' } } });
  });

  it('asks at most once a second, and one at a time', async () => {
    const { health, clock } = scene();
    let asked = 0;
    let answer: (state: DependencyHealth) => void = () => undefined;
    health.register('slow', () => {
      asked += 1;
      return new Promise((resolve) => (answer = resolve));
    });
    const both = [health.ready(), health.ready()];
    await Promise.resolve();
    answer({ up: true });
    await Promise.all(both);
    await health.ready();
    expect(asked).toBe(1);
    clock.ms += 1_000;
    const later = health.ready();
    answer({ up: true });
    await later;
    expect(asked).toBe(2);
  });

  it('waits for no probe longer than its bound, and takes a failing one for down', async () => {
    const { health } = scene({ probeMaxMs: 5 });
    health.register('hanging', () => new Promise(() => undefined));
    health.register('failing', () => Promise.reject(new Error('refused')));
    expect(await health.ready()).toMatchObject({
      status: 'not_ready',
      dependencies: { hanging: { up: false, detail: 'no answer in 5 ms' }, failing: { up: false, detail: 'refused' } },
    });
  });

  it('is stopping when the service is', async () => {
    const { health, stopping } = scene();
    stopping.abort();
    expect(await health.ready()).toMatchObject({ status: 'stopping' });
  });

  it('tells the dependencies of several services apart, and takes no name twice', async () => {
    const { health } = scene();
    health.register('log', async () => ({ up: true }));
    health.of('market-physics').register('log', async () => ({ up: false }));
    expect(await health.ready()).toMatchObject({
      status: 'not_ready',
      dependencies: { log: { up: true }, 'market-physics.log': { up: false } },
    });
    expect(() => health.of('market-physics').register('log', async () => ({ up: true }))).toThrow('market-physics.log');
  });
});
