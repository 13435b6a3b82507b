import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expressions } from './named-metrics.mjs';
import { installPromtool } from './promtool.mjs';

const folder = join(import.meta.dirname, '..', '..', 'infra', 'prometheus');
const found = installPromtool();

/** Throws with promtool's own words where it does not agree. */
const promtool = (...args) => execFileSync(found.executable, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const whereItIs = 'missing' in found ? describe.skip : describe;

whereItIs(`promtool${'missing' in found ? ` (skipped: ${found.missing})` : ''}`, () => {
  let scratch;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'promtool-'));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('takes the configuration and the rules', () => {
    expect(promtool('check', 'config', 'prometheus.yml')).toContain('SUCCESS');
  });

  it('raises the alerts where it should, and only there', () => {
    expect(promtool('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
  });

  it('can read the expression of every panel', () => {
    const rules = expressions().map(({ where, expr }, at) => ({ record: `expression_${at}`, expr, labels: { where } }));
    const file = join(scratch, 'expressions.yml');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'expressions', rules }] }));
    expect(promtool('check', 'rules', file)).toContain(`SUCCESS: ${rules.length} rules found`);
  });
});
