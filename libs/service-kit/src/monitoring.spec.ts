import { HindcastError } from '@hindcast/contracts';
import { MonitoringRegistry } from './monitoring.js';

let nowMs = 0;
beforeEach(() => {
  nowMs = 1_000;
});

function registry(): MonitoringRegistry {
  const clock = { nowUs: () => 1_700_000_000_000_000 };
  return new MonitoringRegistry({ service: 'a', version: '1', clock, nowMs: () => nowMs, sectionMaxMs: 5, cacheMs: 100 });
}

it('is one envelope: facts, and what a person should know', async () => {
  const monitoring = registry();
  monitoring.register({ name: 'one', whenAway: 'service-away', read: async () => ({ facts: { rows: 1 } }) });
  monitoring.register({
    name: 'two',
    whenAway: 'service-away',
    read: async () => ({ facts: {}, problems: [{ runbook: 'wal-behind', severity: 'warning', message: 'slow' }] }),
  });
  nowMs = 3_500;
  expect(await monitoring.report()).toEqual({
    service: 'a',
    version: '1',
    time: '2023-11-14T22:13:20Z',
    uptime_seconds: 2,
    ok: true,
    sections: {
      one: { ok: true, elapsed_ms: 0, problems: [], facts: { rows: 1 } },
      two: { ok: true, elapsed_ms: 0, problems: [{ runbook: 'wal-behind', severity: 'warning', message: 'slow' }], facts: {} },
    },
  });
});

it('a section that fails, or that hangs, costs itself only', async () => {
  const monitoring = registry();
  monitoring.register({ name: 'well', whenAway: 'service-away', read: async () => ({ facts: {} }) });
  monitoring.register({
    name: 'away',
    whenAway: 'store-away',
    read: () => Promise.reject(new HindcastError('STORE_AWAY', 'no answer')),
  });
  monitoring.register({ name: 'hangs', whenAway: 'bus-away', read: () => new Promise<never>(() => undefined) });
  const { ok, sections } = await monitoring.report();
  expect(ok).toBe(false);
  expect(sections).toMatchObject({
    well: { ok: true },
    away: {
      ok: false,
      facts: null,
      error: { code: 'STORE_AWAY', message: 'no answer' },
      problems: [{ runbook: 'store-away', severity: 'critical', message: 'no answer' }],
    },
    hangs: { ok: false, facts: null, error: { code: 'UPSTREAM_AWAY', message: 'hangs did not answer in 5 ms.' } },
  });
});

it('reads a section once at a time, and not oftener than the cache allows', async () => {
  const monitoring = registry();
  let reads = 0;
  monitoring.register({ name: 'one', whenAway: 'service-away', read: async () => ({ facts: { reads: ++reads } }) });
  await Promise.all([monitoring.report(), monitoring.report()]);
  nowMs += 99;
  expect((await monitoring.report()).sections['one'].facts).toEqual({ reads: 1 });
  nowMs += 1;
  expect((await monitoring.report()).sections['one'].facts).toEqual({ reads: 2 });
});

it('what is critical in one section makes the whole not ok', async () => {
  const monitoring = registry();
  const problems = [{ runbook: 'quarantine', severity: 'critical', message: '3 rows' }] as const;
  monitoring.register({ name: 'one', whenAway: 'service-away', read: async () => ({ facts: {}, problems }) });
  expect(await monitoring.report()).toMatchObject({ ok: false, sections: { one: { ok: false, facts: {} } } });
});

it('takes no section twice, because one would hide the other', () => {
  const monitoring = registry();
  const section = { name: 'one', whenAway: 'service-away', read: async () => ({ facts: {} }) } as const;
  monitoring.register(section);
  expect(() => monitoring.register(section)).toThrow('one');
});
