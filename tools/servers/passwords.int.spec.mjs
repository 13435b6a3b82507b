import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './ports.mjs';
import { fetchQuestDb, findQuestDb, launchQuestDb, questDbCommand } from './questdb.mjs';
import { askRedis, findRedis, launchRedis } from './redis.mjs';
import { ensureSecrets, readSecret, withoutCredentials } from './secrets.mjs';
import { startProcess, waitUntilReady } from './server-process.mjs';

const testBoundMs = 180_000;

/** Skipped with the reason in the name where the server cannot be had. */
function describeWith(name, found, body) {
  if ('missing' in found) describe.skip(`${name} (skipped: ${found.missing})`, body);
  else describe(name, body);
}

/** Command lines are everybody's to read. */
function commandLineOf(pid) {
  return process.platform === 'linux' ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

let dir = '';
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'hindcast-passwords-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));

describeWith('QuestDB with passwords', findQuestDb(), () => {
  const query = async (url, sql) => {
    const response = await fetchQuestDb(url, `/exec?query=${encodeURIComponent(sql)}`);
    return response.status === 200 ? (await response.json()).dataset : response.status;
  };

  /** As a version without passwords started it. */
  async function launchOpen(place) {
    const { env, ...command } = questDbCommand(findQuestDb(), { ...place, secrets: ensureSecrets(dir) });
    const open = Object.fromEntries(Object.entries(env).filter(([name]) => !/_(USER|ENABLED|FILE)$/.test(name)));
    const server = await startProcess({ ...command, env: open });
    const url = `http://127.0.0.1:${place.ports.http}`;
    const whyNotReady = async () => (Array.isArray(await query(url, 'select 1')) ? undefined : 'not yet');
    await waitUntilReady(server, { whyNotReady, boundMs: testBoundMs });
    return { url, stop: () => server.stop({ boundMs: testBoundMs }) };
  }

  it(
    'opens a folder that had none, keeps its rows, and answers nobody without the password',
    async () => {
      const [http, pg, min] = await freePorts(3);
      const place = { dir, ports: { http, pg, min }, heapMb: 256, settings: { 'cairo.writer.data.append.page.size': '1048576' } };
      const before = await launchOpen(place);
      await query(before.url, 'CREATE TABLE kept (timestamp TIMESTAMP, price DOUBLE) TIMESTAMP(timestamp) PARTITION BY DAY BYPASS WAL');
      await query(before.url, "INSERT INTO kept VALUES ('2013-10-07T13:30:00Z', 1.5)");
      await before.stop();

      const { url, pid, stop } = await launchQuestDb(findQuestDb(), place);
      const password = readSecret(join(dir, 'secrets/questdb-password'));
      expect(await query(url, 'SELECT price FROM kept')).toEqual([[1.5]]);
      expect(await query(withoutCredentials(url), 'SELECT price FROM kept')).toBe(401);
      expect(await query(url.replace(password, `${password}x`), 'SELECT price FROM kept')).toBe(401);
      const write = { method: 'POST', body: 'kept price=2.5 1381152600000001\n' };
      expect((await fetchQuestDb(withoutCredentials(url), '/write?precision=u', write)).status).toBe(401);
      expect(await query(url, "SELECT value FROM (SHOW PARAMETERS) WHERE property_path = 'http.password'")).toEqual([['****']]);
      expect(commandLineOf(pid)).not.toContain(password);
      await stop();
      const holding = filesBelow(dir).filter((file) => readFileSync(file).includes(password));
      expect(holding).toEqual([join(dir, 'secrets/questdb-password')]);
    },
    testBoundMs,
  );
});

describeWith('Redis with a password', findRedis(), () => {
  it('answers nobody without it, and keeps no more than its hash', async () => {
    mkdirSync(dir, { recursive: true });
    const [port] = await freePorts(1);
    const { url, pid, stop } = await launchRedis(findRedis(), { dir, port });
    const password = readSecret(join(dir, 'secrets/redis-password'));
    expect(await askRedis({ url, command: 'PING' })).toMatch(/^\+PONG/);
    expect(await askRedis({ url: withoutCredentials(url), command: 'GET physics:state:SPY' })).toMatch(/^-NOAUTH/);
    expect(await askRedis({ url: url.replace(password, 'wrong'), command: 'PING' })).toMatch(/^-WRONGPASS.*\r\n-NOAUTH/);
    expect(commandLineOf(pid)).not.toContain(password);
    expect(statSync(join(dir, 'users.acl')).mode & 0o777).toBe(0o600);
    await stop();
    expect(filesBelow(dir).filter((file) => readFileSync(file).includes(password))).toEqual([join(dir, 'secrets/redis-password')]);
  });
});
