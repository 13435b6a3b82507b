import { findingsText } from '../commands/doctor.js';
import { diagnose, type MachineFacts } from './diagnosis.js';

const nowMs = Date.parse('2026-06-01T12:00:00Z');
const healthy: MachineFacts = {
  node: { version: '24.21.0', needed: 22 },
  memory: { totalBytes: 8e9, availableBytes: 4e9 },
  disk: { folder: '.hindcast', freeBytes: 1e11, whyNotWritable: undefined },
  ports: [{ port: 7700, use: 'HTTP', holder: 'nobody' }],
  running: undefined,
  damagedFiles: [],
  files: 3,
  schemas: [{ where: '.hindcast/standalone', kind: 'standalone', pending: ['duckdb/store/002_a.sql'], strange: [] }],
  model: { folder: '/cache/minilm-int8', isThere: true },
  clock: { nowMs, builtMs: nowMs - 1 },
  access: [],
};
const running = { url: 'http://127.0.0.1:7700', ready: true, down: [], problems: [], skews: [], model: 'minilm' };

function faultsOf(facts: Partial<MachineFacts>): readonly string[] {
  return diagnose({ ...healthy, ...facts })
    .filter(({ state }) => state !== 'ok')
    .map(({ state, what, found }) => `${state}: ${what}: ${found}`);
}

describe('the doctor', () => {
  it('has nothing to say against a healthy machine, whether something runs or not', () => {
    expect(faultsOf({})).toEqual([]);
    expect(faultsOf({ running })).toEqual([]);
    expect(findingsText(diagnose(healthy))).toContain('Nothing is in the way.');
  });

  it('advises to make room where a folder cannot be written for want of it', () => {
    const disk = { ...healthy.disk, whyNotWritable: 'ENOSPC: no space left on device, write' };
    expect(diagnose({ ...healthy, disk }).find(({ what }) => what === 'disk')?.advice).toMatch(/^Make room/);
  });

  it.each<[string, Partial<MachineFacts>, string]>([
    ['an old Node', { node: { version: '20.1.0', needed: 22 } }, 'fault: node: 20.1.0 is too old'],
    ['little memory', { memory: { totalBytes: 512e6, availableBytes: 450e6 } }, 'warning: memory: 450.0 MB of 512.0 MB free'],
    ['no memory', { memory: { totalBytes: 512e6, availableBytes: 100e6 } }, 'fault: memory: 100.0 MB of 512.0 MB free'],
    ['a full disk', { disk: { ...healthy.disk, freeBytes: 1e6 } }, 'fault: disk: 1.0 MB free for .hindcast'],
    ['a read-only folder', { disk: { ...healthy.disk, whyNotWritable: 'EROFS' } }, 'fault: disk: .hindcast cannot be written: EROFS'],
    [
      'a port of another',
      { ports: [{ port: 7700, use: 'HTTP', holder: 'another' }] },
      'fault: port 7700: another program has it, HTTP cannot be opened',
    ],
    [
      'what is not ready',
      { running: { ...running, ready: false, down: ['log: closed'] } },
      'fault: runs: http://127.0.0.1:7700 is not ready: log: closed',
    ],
    ['damaged files', { damagedFiles: ['a', 'b'] }, 'fault: stores: 2 of 3 files are damaged: a, b'],
    [
      'a home of a newer version',
      { schemas: [{ where: '.hindcast/standalone', kind: 'standalone', pending: [], strange: ['lancedb/002_b.json'] }] },
      'fault: schema: .hindcast/standalone has migrations that this version does not know, or has otherwise: lancedb/002_b.json',
    ],
    [
      'servers that lack a migration',
      { schemas: [{ where: 'the stack', kind: 'stack', pending: ['questdb/004_c.sql'], strange: [] }] },
      'warning: schema: the stack lacks questdb/004_c.sql',
    ],
    [
      'servers that do not say what they have',
      { schemas: [{ where: 'the stack', kind: 'stack', pending: [], strange: [], fault: 'QuestDB does not answer' }] },
      'warning: schema: the stack: QuestDB does not answer',
    ],
    ['no model', { model: { folder: '/cache', isThere: false } }, 'warning: model: no embedding model in /cache'],
    ['a model that did not load', { running: { ...running, model: null } }, 'warning: model: it is there, and what runs has not loaded it'],
    [
      'a clock of long ago',
      { clock: { nowMs: 0, builtMs: nowMs } },
      'fault: clock: 1970-01-01T00:00:00.000Z is before this version was built',
    ],
    [
      'a clock that is off',
      { running: { ...running, skews: [{ feed: 'auto', skewMs: -3_500 }] } },
      'warning: clock: the source of auto says 3.5 s earlier than this machine',
    ],
    ['a bad key file', { access: [{ what: 'keys', fault: 'no JSON' }] }, 'fault: keys: no JSON'],
    [
      'an old certificate',
      { access: [{ what: 'certificate', fault: undefined, expiresMs: nowMs - 86_400_000 }] },
      'fault: certificate: expired on 2026-05-31',
    ],
    [
      'a certificate that ends soon',
      { access: [{ what: 'certificate', fault: undefined, expiresMs: nowMs + 86_400_000 }] },
      'warning: certificate: until 2026-06-02',
    ],
  ])('finds %s, and says what to do about it', (_, facts, expected) => {
    expect(faultsOf(facts)).toEqual([expected]);
    const all = diagnose({ ...healthy, ...facts });
    expect(all.filter(({ state }) => state !== 'ok').every(({ advice }) => advice !== undefined)).toBe(true);
  });

  it('tells what monitoring knows, with its runbook', () => {
    const problem = { runbook: 'store-damaged' as const, severity: 'critical' as const, message: 'usa/equity SPY cannot be stored' };
    expect(findingsText(diagnose({ ...healthy, running: { ...running, problems: [problem] } }))).toMatch(
      /!! {2}problem +usa\/equity SPY cannot be stored\n.*\(docs\/OPERATING.md#store-damaged\)/,
    );
  });
});
