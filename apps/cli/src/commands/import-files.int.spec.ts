import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeTerminal } from '../terminal.fixture.js';
import { importFiles } from './import-files.js';

const environment = { ...process.env };
/** Nobody listens at ports above 64,000. */
const nobody = { HINDCAST_PORT_OFFSET: '57000', HINDCAST_URL: '', HINDCAST_TARGET: '' };

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'import-'));
  process.env = { ...environment, ...nobody, HINDCAST_HOME: home };
});
afterEach(() => {
  process.env = environment;
  rmSync(home, { recursive: true });
});

it('an import says that nothing runs before it reads its files, and reads them where they are only looked at', async () => {
  const file = join(home, 'ticks.csv');
  writeFileSync(file, 'ts,price,size\n1704067200,1.5,2\n');
  const options = { batch: '5000', symbol: 'X', market: 'okx/spot' };
  const nowhere = join(home, 'none.csv');
  await expect(importFiles([nowhere], options, fakeTerminal())).rejects.toMatchObject({ code: 'UPSTREAM_AWAY' });
  const terminal = fakeTerminal();
  await importFiles([file], { ...options, dryRun: true }, terminal);
  expect(terminal.printed.join('\n')).toContain('1 rows in 1 file');
});
