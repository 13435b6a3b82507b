import { isAbsolute, join } from 'node:path';
import { environmentFor, portOffsetMax, projectRoot, readSettings } from './settings.mjs';

describe('the settings of a stack', () => {
  it('has defaults on loopback', () => {
    const { home, questdbUrl, redisUrl, ownsQuestDb, ownsRedis } = readSettings({});
    expect(isAbsolute(home) && home.endsWith('.hindcast')).toBe(true);
    expect([questdbUrl, redisUrl, ownsQuestDb, ownsRedis]).toEqual(['http://127.0.0.1:7730', 'redis://127.0.0.1:7720', true, true]);
  });

  it('shifts every port', () => {
    expect(readSettings({ HINDCAST_PORT_OFFSET: '100' })).toMatchObject({
      ports: { redis: 7820, questdbHttp: 7830, questdbPg: 7831, questdbMin: 7832 },
      questdbUrl: 'http://127.0.0.1:7830',
      redisUrl: 'redis://127.0.0.1:7820',
    });
  });

  it('calls the services where they listen, on the loopback where that is everywhere', () => {
    const hosts = ['', '::1', '127.8.9.10', '0.0.0.0', '::'].map((bind) => readSettings({ HINDCAST_BIND: bind }).host);
    expect(hosts).toEqual(['127.0.0.1', '[::1]', '127.8.9.10', '127.0.0.1', '127.0.0.1']);
  });

  it('leaves a server to others where its url is given', () => {
    expect(readSettings({ HINDCAST_QUESTDB_URL: 'http://127.0.0.1:9000' })).toMatchObject({
      questdbUrl: 'http://127.0.0.1:9000',
      ownsQuestDb: false,
      ownsRedis: true,
    });
  });

  it('gives a server of somebody else no password of its own', () => {
    expect(readSettings({ HINDCAST_QUESTDB_URL: 'http://127.0.0.1:9000', HINDCAST_REDIS_PASSWORD_FILE: 'elsewhere' })).toMatchObject({
      questdbPasswordFile: undefined,
      redisPasswordFile: join(projectRoot, 'elsewhere'),
    });
    const twice = { HINDCAST_REDIS_URL: 'redis://:hunter2@127.0.0.1', HINDCAST_REDIS_PASSWORD_FILE: 'elsewhere' };
    expect(() => readSettings(twice)).toThrow(/^HINDCAST_REDIS_PASSWORD_FILE is set although HINDCAST_REDIS_URL has a password in it/);
  });

  it('names every bad variable at once, with what is allowed', () => {
    const bad = { HINDCAST_PORT_OFFSET: '-1', HINDCAST_QUESTDB_URL: 'localhost', HINDCAST_REDIS_URL: 'http://127.0.0.1' };
    expect(() => readSettings(bad)).toThrow(
      new RegExp(`HINDCAST_PORT_OFFSET is "-1".*0 to ${portOffsetMax}; HINDCAST_QUESTDB_URL.*http://; HINDCAST_REDIS_URL.*redis://`),
    );
    expect(() => readSettings({ HINDCAST_PORT_OFFSET: String(portOffsetMax + 1) })).toThrow('HINDCAST_PORT_OFFSET');
  });

  it('bounds how long somebody who keeps ending is waited for', () => {
    expect(readSettings({}).restartDelayMaxMs).toBe(30_000);
    expect(readSettings({ HINDCAST_RESTART_DELAY_MAX_MS: '2000' }).restartDelayMaxMs).toBe(2_000);
    for (const value of ['10', '-1', '700000', 'soon']) {
      expect(() => readSettings({ HINDCAST_RESTART_DELAY_MAX_MS: value })).toThrow(`"${value}", allowed is a whole number from 1000`);
    }
  });

  it('tells the services what it tells itself', () => {
    expect(environmentFor(readSettings({ HINDCAST_PORT_OFFSET: '7', HINDCAST_HOME: '/data' }))).toEqual({
      HINDCAST_HOME: '/data',
      HINDCAST_PORT_OFFSET: '7',
      HINDCAST_QUESTDB_URL: 'http://127.0.0.1:7737',
      HINDCAST_QUESTDB_PASSWORD_FILE: '/data/secrets/questdb-password',
      HINDCAST_REDIS_PASSWORD_FILE: '/data/secrets/redis-password',
      HINDCAST_REDIS_URL: 'redis://127.0.0.1:7727',
    });
  });
});
