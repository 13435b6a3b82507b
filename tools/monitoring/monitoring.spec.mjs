import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runbooks } from '../../libs/contracts/src/monitoring.ts';
import { alertRules, dashboard, expressions, namedMetrics } from './named-metrics.mjs';

const root = join(import.meta.dirname, '..', '..');
const text = (file) => readFileSync(join(root, file), 'utf8');
const operating = text('docs/OPERATING.md');
/** Sections of the page as links to them are written. */
const anchors = new Set(
  [...operating.matchAll(/^#{2,4} (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  ),
);

/** Names as the code writes them; a name that is put together stands for all that fit it. */
function namesInCode() {
  const files = globSync('{apps,libs}/*/src/**/*.ts', { cwd: root }).filter((file) => !/\.(spec|fixture)\.ts$/.test(file));
  const written = files.flatMap((file) =>
    [...text(file).matchAll(/['"`](hindcast_[a-z_]+(?:\$\{\w+\}[a-z_]*)?)['"`]/g)].map(([, name]) => name),
  );
  return [...new Set(written)].map((name) => new RegExp(`^${name.replace(/\$\{\w+\}/, '[a-z]+')}$`));
}

describe('alerts and dashboard', () => {
  it.each([...namedMetrics()].filter(([name]) => name.startsWith('hindcast_')))('%s is a metric of ours', (name) => {
    expect(namesInCode().some((written) => written.test(name))).toBe(true);
  });

  it('every alert says how grave it is and names a runbook that exists', () => {
    for (const { alert, labels, annotations } of alertRules()) {
      const [page, runbook] = annotations.runbook.split('#');
      expect([alert, labels.severity, page]).toEqual([alert, expect.stringMatching(/^(critical|warning)$/), 'docs/OPERATING.md']);
      expect([alert, runbooks[runbook]]).toEqual([alert, expect.any(String)]);
    }
  });

  it('every panel has a title of its own, a unit, and somewhere to ask', () => {
    const panels = dashboard().panels.filter(({ type }) => type !== 'row');
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    expect(new Set(dashboard().panels.map(({ id }) => id)).size).toBe(dashboard().panels.length);
    for (const { title, fieldConfig, targets, datasource } of panels) {
      expect([title, fieldConfig.defaults.unit, targets.length > 0]).toEqual([title, expect.any(String), true]);
      expect(datasource.uid).toBe('${datasource}');
    }
  });

  it('panels lie side by side, none over another', () => {
    const taken = new Set();
    for (const { title, gridPos } of dashboard().panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect([title, taken.has(`${x} ${y}`), x < 24]).toEqual([title, false, true]);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });

  it('asks for something', () => {
    expect(expressions().length).toBeGreaterThan(50);
  });
});

describe('runbooks', () => {
  it.each(Object.keys(runbooks))('%s has its section in docs/OPERATING.md', (runbook) => {
    expect(anchors).toContain(runbook);
  });
});
