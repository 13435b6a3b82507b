import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../libs/service-kit/src/config.ts';
import { accessTo, readSettings } from '../stack/settings.mjs';
import { makeContainerSecrets } from './container-secrets.mjs';
import { ensureSecrets, readSecret, redisUserLine, withCredentials, withoutCredentials } from './secrets.mjs';

describe('the passwords of a stack in containers', () => {
  it('are made once, with the hash that belongs to the password as it is now', () => {
    const folders = { questdb: mkdtempSync(join(tmpdir(), 'hindcast-volume-')), redis: mkdtempSync(join(tmpdir(), 'hindcast-volume-')) };
    const contents = () =>
      Object.values(folders).map((folder) =>
        readdirSync(folder)
          .sort()
          .map((file) => readFileSync(join(folder, file), 'utf8')),
      );
    try {
      makeContainerSecrets(folders);
      const first = contents();
      expect(first.flat()).toEqual([
        expect.stringMatching(/^[\w-]{43}\n$/),
        expect.stringMatching(/^[\w-]{43}\n$/),
        expect.stringMatching(/^[\w-]{43}\n$/),
        redisUserLine(first[1][0].trim()),
      ]);
      makeContainerSecrets(folders);
      expect(contents()).toEqual(first);
      rmSync(join(folders.redis, 'password'));
      writeFileSync(join(folders.redis, 'password'), 'hunter2\n');
      makeContainerSecrets(folders);
      expect(contents()[1]).toEqual(['hunter2\n', redisUserLine('hunter2')]);
    } finally {
      for (const folder of Object.values(folders)) rmSync(folder, { recursive: true });
    }
  });
});

describe('the passwords of a stack', () => {
  let home = '';
  beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'hindcast-secrets-'))));
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const modeOf = (path) => statSync(path).mode & 0o777;

  it('are made once, each another one, for the owner alone', () => {
    const files = ensureSecrets(home);
    const made = Object.values(files).map(readSecret);
    expect(new Set(made).size).toBe(3);
    for (const secret of made) expect(secret).toMatch(/^[\w-]{43}$/);
    expect([modeOf(join(home, 'secrets')), ...Object.values(files).map(modeOf)]).toEqual([0o700, 0o600, 0o600, 0o600]);
    expect(Object.values(ensureSecrets(home)).map(readSecret)).toEqual(made);
    expect(readdirSync(join(home, 'secrets')).sort()).toEqual(['questdb-password', 'questdb-reader-password', 'redis-password']);
  });

  it('are made where some are missing, and closed where others could read them', () => {
    const { redis, questDb } = ensureSecrets(home);
    const kept = readSecret(questDb);
    rmSync(redis);
    chmodSync(questDb, 0o644);
    ensureSecrets(home);
    expect([readSecret(questDb), modeOf(questDb), readSecret(redis)]).toEqual([kept, 0o600, expect.stringMatching(/^[\w-]{43}$/)]);
  });

  it('are refused where a file is empty or holds more than one word, without showing what it holds', () => {
    const { redis } = ensureSecrets(home);
    for (const text of ['', ' \n', 'two words', 'x'.repeat(2_000)]) {
      writeFileSync(redis, text);
      expect(() => readSecret(redis)).toThrow(`${redis} must hold one password of 1 to 1024 characters and nothing else`);
    }
  });

  it('reach Redis as a hash', () => {
    expect(redisUserLine('hunter2')).toBe(
      'user default on #f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7 ~* &* +@all\n',
    );
  });

  it.each(['plain', 'a b', 'a@b/c:d?e#f%g', 'Lévy'])('go into a URL and out of it: %s', (password) => {
    const url = withCredentials('http://127.0.0.1:7730', { user: 'hindcast', password });
    expect(decodeURIComponent(new URL(url).password)).toBe(password);
    expect(withoutCredentials(url)).toBe('http://127.0.0.1:7730');
  });

  it('are found by tools and services in the same place, whoever says where', () => {
    writeFileSync(join(home, 'elsewhere'), 'hunter2\n');
    const environments = [
      {},
      { HINDCAST_REDIS_PASSWORD_FILE: join(home, 'elsewhere'), HINDCAST_QUESTDB_PASSWORD_FILE: join(home, 'elsewhere') },
      { HINDCAST_QUESTDB_URL: 'http://store:9000', HINDCAST_REDIS_URL: 'redis://bus:6379' },
      { HINDCAST_QUESTDB_URL: 'http://me@store:9000', HINDCAST_QUESTDB_PASSWORD_FILE: join(home, 'elsewhere') },
      { HINDCAST_QUESTDB_URL: 'http://me:hunter2@store:9000', HINDCAST_REDIS_URL: 'rediss://:hunter2@bus:6379' },
    ];
    const both = (env) => {
      const { questDb, redis } = accessTo(readSettings(env));
      const { questdbUrl, redisUrl } = loadConfig({}, env);
      return [
        [questDb, redis],
        [questdbUrl, redisUrl],
      ];
    };
    const seen = [false, true].flatMap((made) => {
      if (made) ensureSecrets(home);
      return environments.map((env) => both({ HINDCAST_HOME: home, HINDCAST_PORT_OFFSET: '7', ...env }));
    });
    for (const [tools, services] of seen) expect(tools).toEqual(services);
    const own = readFileSync(join(home, 'secrets/questdb-password'), 'utf8').trim();
    expect(seen.map(([[questDb]]) => questDb)).toEqual([
      'http://127.0.0.1:7737',
      'http://hindcast:hunter2@127.0.0.1:7737',
      'http://store:9000',
      'http://me:hunter2@store:9000',
      'http://me:hunter2@store:9000',
      `http://hindcast:${own}@127.0.0.1:7737`,
      'http://hindcast:hunter2@127.0.0.1:7737',
      'http://store:9000',
      'http://me:hunter2@store:9000',
      'http://me:hunter2@store:9000',
    ]);
  });
});
