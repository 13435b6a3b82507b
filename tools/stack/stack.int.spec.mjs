import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../servers/ports.mjs';
import { nodeExecutable } from '../setup/node-executable.mjs';
import { readReport } from './members.mjs';
import { readRunFile, runningMembers, writeRunFile } from './run-files.mjs';
import { foldersOf, projectRoot } from './settings.mjs';
import { portsInUse, startStack } from './stack.mjs';
import { stopRun } from './stop.mjs';

const testBoundMs = 60_000;

describe('a stack of small services', () => {
  let home = '';
  let events = [];
  const endings = () => readFileSync(join(home, 'endings'), 'utf8').trim().split('\n');
  const event = (name, text) => events.push(`${name}: ${text}`);
  const voice = { event, progress: event, line: () => undefined, plain: () => undefined };

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'hindcast-stack-'));
    events = [];
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  async function smallMembers(names) {
    const ports = await freePorts(names.length);
    return names.map((name, index) => {
      const url = `http://127.0.0.1:${ports[index]}`;
      return {
        name,
        url,
        ports: [ports[index]],
        command: (onLine) => ({
          name,
          command: nodeExecutable(),
          args: [join(projectRoot, 'tools/stack/fixtures/service.mjs'), name, String(ports[index]), join(home, 'endings')],
          onLine,
        }),
        whyNotReady: async () => ((await readReport(url)).ready ? undefined : 'not yet'),
        readyBoundMs: testBoundMs,
        stopBoundMs: testBoundMs,
      };
    });
  }

  const options = () => ({ folders: foldersOf(home), restartDelayMaxMs: 30_000, voice, signal: new AbortController().signal });
  const pidOf = (name) => readRunFile(foldersOf(home).run, name)?.pid;

  it(
    'starts in order, migrates between servers and services, and ends in the reverse order without a process left',
    async () => {
      const [server, one, two] = await smallMembers(['server', 'one', 'two']);
      let readyAtMigration;
      const migrate = async () => {
        readyAtMigration = [await readReport(server.url).catch(() => 'away'), await readReport(one.url).catch(() => 'away')];
      };
      const stack = await startStack({ servers: [server], services: [one, two], migrate }, options());
      expect(readyAtMigration).toEqual([{ ready: true, version: '0.0.1', detail: undefined }, 'away']);
      expect(runningMembers(foldersOf(home).run).map(({ name }) => name)).toEqual(['one', 'server', 'two']);
      await stack.stop();
      expect(endings()).toEqual(['two', 'one', 'server']);
      expect(runningMembers(foldersOf(home).run)).toEqual([]);
      expect(readFileSync(join(home, 'logs/one.log'), 'utf8')).toContain('"msg":"listening"');
    },
    testBoundMs,
  );

  it(
    'starts a service again that crashes, and says so',
    async () => {
      const [one] = await smallMembers(['one']);
      const stack = await startStack({ servers: [], services: [one], migrate: async () => undefined }, options());
      const before = pidOf('one');
      await fetch(`${one.url}/crash`).catch(() => undefined);
      while (pidOf('one') === undefined || pidOf('one') === before) await new Promise((resolve) => setTimeout(resolve, 20));
      while ((await one.whyNotReady().catch(() => 'away')) !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(events).toContain('one: ended with exit code 7; starts again in 1 s');
      await stack.stop();
      expect(runningMembers(foldersOf(home).run)).toEqual([]);
    },
    testBoundMs,
  );

  it(
    'stops what it had started when a later member cannot start, and says what that one said',
    async () => {
      const [one, broken] = await smallMembers(['one', 'broken']);
      const fails = {
        ...broken,
        quiet: true,
        command: (onLine) => ({ name: 'broken', command: nodeExecutable(), args: ['-e', 'throw new Error("no key")'], onLine }),
      };
      const starting = startStack({ servers: [one], services: [fails], migrate: async () => undefined }, options());
      await expect(starting).rejects.toThrow(/broken ended with exit code 1 before it was ready.*no key/s);
      expect(endings()).toEqual(['one']);
      expect(runningMembers(foldersOf(home).run)).toEqual([]);
    },
    testBoundMs,
  );

  it(
    'stop ends what a killed supervisor left behind, and nobody whose pid was since given to another process',
    async () => {
      const [one] = await smallMembers(['one']);
      const stack = await startStack({ servers: [], services: [one], migrate: async () => undefined }, options());
      const { run } = foldersOf(home);
      writeRunFile(run, { name: 'impostor', pid: process.pid });
      const file = join(run, 'impostor.json');
      const impostor = JSON.parse(readFileSync(file, 'utf8'));
      writeFileSync(file, JSON.stringify({ ...impostor, began: `${impostor.began}0` }));
      await stopRun(foldersOf(home).run, 'the stack', () => undefined);
      expect(endings()).toEqual(['one']);
      await stack.stop();
      expect(existsSync(file)).toBe(true);
    },
    testBoundMs,
  );

  it('names each port in use, who wants it and the variable to change', async () => {
    const [one, two] = await smallMembers(['one', 'two']);
    expect(await portsInUse([one, two])).toBeUndefined();
    const occupant = createServer();
    await new Promise((resolve) => occupant.listen(two.ports[0], '127.0.0.1', resolve));
    expect(await portsInUse([one, two])).toMatch(new RegExp(`port ${two.ports[0]} \\(two\\);.*HINDCAST_PORT_OFFSET`));
    await new Promise((resolve) => occupant.close(resolve));
  });
});
