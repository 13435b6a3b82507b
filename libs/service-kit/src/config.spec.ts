import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import { z } from 'zod';
import { loadConfig, projectRoot, variableName } from './config.js';
import { flag, wholeNumber } from './fields.js';

const shape = {
  queueRowsMax: wholeNumber({ min: 1, max: 100 }).default(50),
  apiToken: z.string().min(8).default('none-needed').describe('at least 8 characters'),
  isFast: flag().default(false),
};

/** A folder in which no set-up has left passwords. */
const neverStarted = join(tmpdir(), 'hindcast-never-started');

function failureOf(env: Record<string, string>): HindcastError {
  try {
    loadConfig(shape, env);
  } catch (error) {
    if (error instanceof HindcastError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('loadConfig', () => {
  it('has a default for everything', () => {
    expect(loadConfig({}, {}).home).toBe(join(projectRoot, '.hindcast'));
    const config = loadConfig(shape, { XDG_CACHE_HOME: '/cache', HINDCAST_HOME: neverStarted });
    expect(config).toMatchObject({
      home: neverStarted,
      portOffset: 0,
      logLevel: 'info',
      bind: '127.0.0.1',
      cache: '/cache/hindcast',
      questdbUrl: 'http://127.0.0.1:7730',
      redisUrl: 'redis://127.0.0.1:7720',
      marketPhysicsUrl: 'http://127.0.0.1:7702',
      queueRowsMax: 50,
      isFast: false,
    });
    expect(config.ports).toMatchObject({ tickIngestHttp: 7701, marketDataGrpc: 7714, questdbHealth: 7732 });
    expect(isAbsolute(config.home)).toBe(true);
  });

  it('shifts every port and every URL by the offset', () => {
    const { ports, questdbUrl, redisUrl, tickIngestUrl } = loadConfig({}, { HINDCAST_PORT_OFFSET: '1000', HINDCAST_HOME: neverStarted });
    expect(ports).toMatchObject({ tickIngestHttp: 8701, redis: 8720 });
    expect([questdbUrl, redisUrl, tickIngestUrl]).toEqual(['http://127.0.0.1:8730', 'redis://127.0.0.1:8720', 'http://127.0.0.1:8701']);
  });

  it('takes what the environment says, an empty variable being absent', () => {
    const config = loadConfig(shape, {
      HINDCAST_HOME: 'elsewhere',
      HINDCAST_QUESTDB_URL: 'http://store:9000/',
      HINDCAST_QUEUE_ROWS_MAX: '7',
      HINDCAST_IS_FAST: '1',
      HINDCAST_LOG_LEVEL: '',
    });
    expect(config).toMatchObject({
      home: join(projectRoot, 'elsewhere'),
      questdbUrl: 'http://store:9000',
      queueRowsMax: 7,
      isFast: true,
      logLevel: 'info',
    });
  });

  it('expects the gRPC door of tick-ingest where its HTTP door is', () => {
    expect(loadConfig({}, {}).tickIngestGrpc).toBe('127.0.0.1:7711');
    const elsewhere = { HINDCAST_TICK_INGEST_URL: 'http://tick-ingest:7701', HINDCAST_PORT_OFFSET: '100' };
    expect(loadConfig({}, elsewhere).tickIngestGrpc).toBe('tick-ingest:7811');
  });

  it.each([
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['::1', '[::1]'],
    ['10.0.0.7', '10.0.0.7'],
    ['localhost', 'localhost'],
  ])('calls the services where HINDCAST_BIND=%s has them listen: %s', (bind, host) => {
    const { tickIngestUrl, marketDataUrl, tickIngestGrpc } = loadConfig({}, { HINDCAST_BIND: bind, HINDCAST_API_KEYS: '/etc/keys.json' });
    expect([tickIngestUrl, marketDataUrl, tickIngestGrpc]).toEqual([`http://${host}:7701`, `http://${host}:7704`, `${host}:7711`]);
  });

  it('lists every bad variable at once, with its value and what is allowed', () => {
    const error = failureOf({
      HINDCAST_PORT_OFFSET: '60000',
      HINDCAST_LOG_LEVEL: 'loud',
      HINDCAST_QUEUE_ROWS_MAX: '1e3',
      HINDCAST_IS_FAST: 'yes',
      HINDCAST_BIND: '0.0.0.0',
    });
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message.split('; ')).toEqual([
      'HINDCAST_PORT_OFFSET="60000": a whole number from 0 to 57803',
      'HINDCAST_LOG_LEVEL="loud": one of trace, debug, info, warn, error, fatal, silent',
      'HINDCAST_QUEUE_ROWS_MAX="1e3": a whole number from 1 to 100',
      'HINDCAST_IS_FAST="yes": true, false, 1 or 0',
      expect.stringMatching(/^HINDCAST_BIND="0\.0\.0\.0": beyond the loopback .* HINDCAST_API_KEYS/),
    ]);
  });

  it('listens beyond the loopback with a key file, or in a container', () => {
    expect(loadConfig({}, { HINDCAST_BIND: '0.0.0.0', HINDCAST_CONTAINER: 'true' }).bind).toBe('0.0.0.0');
    expect(loadConfig({}, { HINDCAST_BIND: '10.0.0.7', HINDCAST_API_KEYS: '/etc/keys.json' })).toMatchObject({
      bind: '10.0.0.7',
      apiKeys: '/etc/keys.json',
    });
    for (const bind of ['127.0.0.1', '127.8.9.10', '::1', 'localhost']) expect(loadConfig({}, { HINDCAST_BIND: bind }).bind).toBe(bind);
    for (const bind of ['::', '10.0.0.7', 'example.com', '127.example.com'])
      expect(failureOf({ HINDCAST_BIND: bind }).code).toBe('CONFIG_INVALID');
    for (const container of ['', 'false', '0', 'yes']) {
      const { code, message } = failureOf({ HINDCAST_BIND: '0.0.0.0', HINDCAST_CONTAINER: container });
      expect(code).toBe('CONFIG_INVALID');
      expect(message).toContain('HINDCAST_BIND="0.0.0.0"');
      expect(message).toContain('HINDCAST_CONTAINER');
    }
  });

  it('shows no secret: neither a field of such a name nor the password of a URL', () => {
    const { message } = failureOf({ HINDCAST_API_TOKEN: 'hunter2', HINDCAST_REDIS_URL: 'http://me:hunter2@host:1' });
    expect(message).not.toContain('hunter2');
    expect(message).toContain('HINDCAST_API_TOKEN="***": at least 8 characters');
    expect(message).toContain('HINDCAST_REDIS_URL="http://***@host:1"');
  });

  describe('the key of our own clients', () => {
    let folder = '';
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'hindcast-config-'))));
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it('stands in the environment or in a file', () => {
      expect(loadConfig({}, { HINDCAST_API_KEY: 'hc_0123456789abcdef' }).apiKey).toBe('hc_0123456789abcdef');
      expect(loadConfig({}, { HINDCAST_API_KEY_FILE: file('key', 'hc_0123456789abcdef\n') }).apiKey).toBe('hc_0123456789abcdef');
      expect(loadConfig({}, { HINDCAST_API_KEY_FILE: '' }).apiKey).toBeUndefined();
    });

    it('is said in one place, in a file that holds nothing else; no message shows it', () => {
      const good = file('key', 'hc_0123456789abcdef');
      const both = failureOf({ HINDCAST_API_KEY: 'hc_0123456789abcdef', HINDCAST_API_KEY_FILE: good });
      expect(both.message).toBe(`HINDCAST_API_KEY_FILE="${good}": absent, because HINDCAST_API_KEY has a key already`);
      const wrong = ['hunter2', 'hc_0123456789abcdef hc_0123456789abcdef', 'x'.repeat(1_025), ''].map((text, at) =>
        file(`wrong-${at}`, text),
      );
      for (const path of [...wrong, join(folder, 'none'), folder]) {
        const { code, message } = failureOf({ HINDCAST_API_KEY_FILE: path });
        expect(code).toBe('CONFIG_INVALID');
        expect(message).toContain(`HINDCAST_API_KEY_FILE="${path}": a file that can be read and holds one key`);
        expect(message).not.toContain('hunter2');
      }
    });
  });

  describe('the passwords of the servers', () => {
    let home = '';
    const file = (name: string, text: string): string => {
      const path = join(home, name);
      writeFileSync(path, text);
      return path;
    };
    beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'hindcast-config-'))));
    afterEach(() => rmSync(home, { recursive: true, force: true }));

    it('come from the files that set-up made, for the servers of the own stack alone', () => {
      mkdirSync(join(home, 'secrets'));
      file('secrets/questdb-password', 'hunter2\n');
      file('secrets/redis-password', 'hunter3');
      expect(loadConfig({}, { HINDCAST_HOME: home })).toMatchObject({
        questdbUrl: 'http://hindcast:hunter2@127.0.0.1:7730',
        redisUrl: 'redis://default:hunter3@127.0.0.1:7720',
      });
      expect(loadConfig({}, { HINDCAST_HOME: home, HINDCAST_QUESTDB_URL: 'http://store:9000' }).questdbUrl).toBe('http://store:9000');
    });

    it('come from a file that is named, and keep the user of the URL', () => {
      const env = {
        HINDCAST_HOME: home,
        HINDCAST_REDIS_URL: 'rediss://me@bus:6380',
        HINDCAST_REDIS_PASSWORD_FILE: file('given', 'a/b@c\n'),
      };
      expect(loadConfig({}, env).redisUrl).toBe('rediss://me:a%2Fb%40c@bus:6380');
    });

    it('are said in one place, in a file that holds nothing else; no message shows them', () => {
      const error = failureOf({
        HINDCAST_QUESTDB_URL: 'http://me:hunter2@store:9000',
        HINDCAST_QUESTDB_PASSWORD_FILE: file('one', 'hunter2'),
        HINDCAST_REDIS_PASSWORD_FILE: file('two', 'hunter2 hunter3'),
      });
      expect(error.message.split('; ')).toEqual([
        `HINDCAST_QUESTDB_PASSWORD_FILE="${join(home, 'one')}": absent, because HINDCAST_QUESTDB_URL has a password in it`,
        `HINDCAST_REDIS_PASSWORD_FILE="${join(home, 'two')}": a file that can be read and holds one password of at most 1024 bytes, and nothing else`,
      ]);
      expect(failureOf({ HINDCAST_REDIS_PASSWORD_FILE: join(home, 'none') }).message).toContain(
        `HINDCAST_REDIS_PASSWORD_FILE="${join(home, 'none')}"`,
      );
      mkdirSync(join(home, 'secrets'));
      file('secrets/questdb-password', '');
      expect(failureOf({ HINDCAST_HOME: home }).message).toContain(join(home, 'secrets/questdb-password'));
    });
  });

  it('cannot be changed', () => {
    const config = loadConfig(shape, {});
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.ports)).toBe(true);
  });

  it('names variables after fields', () => {
    expect(['home', 'questdbUrl', 'queueRowsMax'].map(variableName)).toEqual([
      'HINDCAST_HOME',
      'HINDCAST_QUESTDB_URL',
      'HINDCAST_QUEUE_ROWS_MAX',
    ]);
  });
});
