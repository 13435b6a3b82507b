import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeSchema, keepHomeRecord, requireKnownHome, strangeMigrations, type HomeRecord } from './home-record.js';

let home = '';
const path = (): string => join(home, 'written-with.json');
beforeEach(async () => (home = await mkdtemp(join(tmpdir(), 'hindcast-home-'))));
afterEach(() => rm(home, { recursive: true }));

async function rewrite(change: (record: HomeRecord) => HomeRecord): Promise<void> {
  await writeFile(path(), JSON.stringify(change(JSON.parse(await readFile(path(), 'utf8')) as HomeRecord)));
}

it('knows a home that it wrote, and one that nobody wrote', async () => {
  expect(await homeSchema(home)).toBeUndefined();
  await requireKnownHome(home);
  await keepHomeRecord(home, '1.2.3');
  await keepHomeRecord(home, '1.2.3');
  await requireKnownHome(home);
  const schema = await homeSchema(home);
  expect(schema?.version).toBe('1.2.3');
  expect(schema?.migrations.length).toBeGreaterThanOrEqual(3);
  expect(new Set(schema?.migrations.map(({ state }) => state))).toEqual(new Set(['applied']));
  expect(schema?.migrations.map(({ name }) => name)).toContain('duckdb/instrument/001_ticks_and_states.sql');
});

it('refuses one of a newer version in one sentence, and says which', async () => {
  await keepHomeRecord(home, '9.0.0');
  await rewrite(({ version, migrations }) => ({
    version,
    migrations: { ...migrations, 'duckdb/store': [...migrations['duckdb/store'], { name: '002_more.sql', sha256: 'x' }] },
  }));
  await expect(requireKnownHome(home)).rejects.toMatchObject({
    code: 'SCHEMA_CHANGED',
    message: `${home} was written by Hindcast 9.0.0 in a form that this version does not know (duckdb/store/002_more.sql): start that version, or name another folder with HINDCAST_HOME`,
  });
  expect(strangeMigrations(await homeSchema(home))).toEqual(['duckdb/store/002_more.sql']);
});

it('refuses one with stores that this version has no word of, or that were made otherwise', async () => {
  await keepHomeRecord(home, '9.0.0');
  await rewrite((record) => ({ ...record, migrations: { ...record.migrations, memory: [{ name: '001_memory.sql', sha256: 'x' }] } }));
  await expect(requireKnownHome(home)).rejects.toThrow('(memory/001_memory.sql)');
  await rewrite(({ version, migrations }) => ({
    version,
    migrations: { 'duckdb/store': migrations['duckdb/store'].map(({ name }) => ({ name, sha256: 'x' })) },
  }));
  await expect(requireKnownHome(home)).rejects.toThrow('(duckdb/store/001_rejected_ticks.sql)');
});

it('takes one of an older version, and says what is to be applied', async () => {
  await keepHomeRecord(home, '0.0.1');
  await rewrite(({ version, migrations }) => ({ version, migrations: { ...migrations, lancedb: [] } }));
  await requireKnownHome(home);
  const pending = (await homeSchema(home))?.migrations.filter(({ state }) => state === 'pending').map(({ name }) => name);
  expect(pending).toContain('lancedb/001_market_state_embeddings.json');
});

it('says that a record is damaged', async () => {
  await writeFile(path(), '{');
  await expect(requireKnownHome(home)).rejects.toMatchObject({
    code: 'SCHEMA_CHANGED',
    message: expect.stringContaining('written-with.json cannot be read') as string,
  });
});
