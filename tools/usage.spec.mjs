import { usageOf } from './usage.mjs';

it.each(['bench/run.mjs', 'e2e/torture.mjs', 'fuzz/run.mjs'])('%s has its usage at its head, without the stars of a comment', (tool) => {
  const usage = usageOf(new URL(tool, import.meta.url).href);
  expect(usage).toMatch(/^`npm run /);
  expect(usage).not.toMatch(/^ ?\*|\*\/$/m);
});
