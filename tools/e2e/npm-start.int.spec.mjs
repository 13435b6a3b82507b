/** `npm start`, `npm stop` and `npm run status` as their user has them, and what they say where it cannot start. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { nodeExecutable } from '../setup/node-executable.mjs';
import { readRunFile, supervisorName } from '../stack/run-files.mjs';
import { standalonePorts } from '../stack/services.mjs';
import { readStandaloneSettings } from '../stack/standalone-run.mjs';
import { projectRoot } from '../stack/settings.mjs';
import { freePortOffset, until } from './hindcast-under-test.mjs';

jest.setTimeout(300_000);

let home;
let env;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'hindcast-start-'));
  const offset = String(await freePortOffset());
  env = { ...process.env, NODE_OPTIONS: '', HINDCAST_HOME: home, HINDCAST_PORT_OFFSET: offset, HINDCAST_FEED: 'none' };
});
afterEach(async () => {
  await run('--stop');
  rmSync(home, { recursive: true, force: true });
});

function begin(...args) {
  const child = spawn(nodeExecutable(), ['tools/stack/standalone.mjs', ...args], {
    cwd: projectRoot,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (text) => (said.out += text));
  child.stderr.on('data', (text) => (said.err += text));
  const ended = new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
  return { child, said, ended };
}

const run = (...args) => begin(...args).ended;
const settings = () => readStandaloneSettings(env);
const port = () => settings().ports[0];

/** Exit code 1 and one sentence, without a stack trace. */
async function refusal() {
  const { code, err } = await run();
  expect(code).toBe(1);
  expect(
    err
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('[setup]')),
  ).toHaveLength(1);
  return err;
}

it('runs in the background until it is stopped, says that it runs where it is started again, and how it is', async () => {
  expect(await run('--status', '--json')).toMatchObject({ code: 3 });
  const started = await run('--detach');
  expect(started).toMatchObject({ code: 0, out: expect.stringContaining(`http://127.0.0.1:${port()}/docs`) });
  expect(await (await fetch(`http://127.0.0.1:${port()}/health/live`)).json()).toMatchObject({ service: 'standalone' });
  const again = await run();
  expect(again).toMatchObject({ code: 0, out: expect.stringContaining(`runs already in ${home}: http://127.0.0.1:${port()}`) });
  const { code, out } = await run('--status', '--json');
  expect([code, JSON.parse(out)]).toMatchObject([0, { state: 'running', home }]);
  expect((await run('--status')).out).toContain('0 rows · 0 symbols');
  expect(await run('--stop')).toMatchObject({ code: 0, out: expect.stringContaining('Hindcast is stopped.') });
  expect(await run('--stop')).toMatchObject({ code: 0, out: expect.stringContaining('No Hindcast runs') });
  expect(readFileSync(join(home, 'logs/standalone.log'), 'utf8')).toContain('"msg":"service stopped"');
});

it('starts the process again that is killed, and prints nothing of its log', async () => {
  const { child, said, ended } = begin();
  await until('it to run', () => said.out.includes('Ctrl-C stops it.'));
  const { pid } = readRunFile(settings().folders.run, 'standalone');
  process.kill(pid, 'SIGKILL');
  await until('another one to run', () => (readRunFile(settings().folders.run, 'standalone')?.pid ?? pid) !== pid);
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 0, err: '' });
  expect(said.out).toMatch(/Hindcast ended with SIGKILL, as the system does where memory is short .*; starts again in 1 s/);
  expect(said.out).not.toContain('{"level"');
  expect(readRunFile(settings().folders.run, supervisorName)).toBeUndefined();
});

describe('says in one sentence why it does not start', () => {
  it('where a port is taken', async () => {
    const other = createServer();
    await new Promise((resolve) => other.listen(standalonePorts.grpc + Number(env.HINDCAST_PORT_OFFSET), '127.0.0.1', resolve));
    expect(await refusal()).toContain('In use by another process: port');
    other.close();
  });

  it('where a setting is bad', async () => {
    env.HINDCAST_LOG_LEVEL = 'loud';
    expect(await refusal()).toContain('CONFIG_INVALID: HINDCAST_LOG_LEVEL');
  });

  it('where its folder cannot be written', async () => {
    writeFileSync(join(home, 'a-file'), '');
    env.HINDCAST_HOME = join(home, 'a-file');
    expect(await refusal()).toMatch(/cannot write in .*a-file.*HINDCAST_HOME/);
    env.HINDCAST_HOME = home;
  });

  it('where another process has its stores open', async () => {
    expect(await run('--detach')).toMatchObject({ code: 0 });
    const { run: folder } = settings().folders;
    const { pid } = readRunFile(folder, supervisorName);
    // As it looks to a process in another container: the record is of nobody that runs here.
    const file = join(folder, `${supervisorName}.json`);
    const record = readFileSync(file, 'utf8');
    rmSync(folder, { recursive: true });
    env.HINDCAST_PORT_OFFSET = String(await freePortOffset());
    const said = await refusal();
    process.kill(pid, 'SIGTERM');
    expect(said).toContain('STORE_LOCKED');
    expect(record).toContain(String(pid));
  });
});
