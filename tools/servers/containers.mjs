/**
 * The same servers from a container engine, for machines where the native way is impossible. The engine's client runs in
 * the foreground and passes signals on, so a container is a process like any other; only a kill needs a second step.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loopback } from './ports.mjs';
import { questDbEnvironment, questDbUsers, questDbVersion } from './questdb.mjs';
import { readSecret, redisUserLine } from './secrets.mjs';

const infraFolder = fileURLToPath(new URL('../../infra/', import.meta.url));
const redisImage = 'redis:7.2-alpine';

/**
 * @param {import('./questdb.mjs').QuestDbOptions} options
 * @returns {import('./server-process.mjs').ServerCommand}
 */
export function questDbContainer({ dir, ports, secrets, onLine }) {
  mkdirSync(dir, { recursive: true });
  const inside = { 'http.net.bind.to': '0.0.0.0:9000', 'pg.net.bind.to': '0.0.0.0:8812', 'http.min.net.bind.to': '0.0.0.0:9003' };
  return containerCommand({
    name: 'questdb',
    container: `hindcast-questdb-${ports.http}`,
    image: `questdb/questdb:${questDbVersion}`,
    published: [
      [ports.http, 9000],
      [ports.pg, 8812],
      [ports.min, 9003],
    ],
    mounts: [
      `${dir}:/var/lib/questdb`,
      `${join(infraFolder, 'questdb/server.conf')}:/var/lib/questdb/conf/server.conf:ro`,
      `${join(infraFolder, 'questdb/log.conf')}:/var/lib/questdb/conf/log.conf:ro`,
    ],
    options: Object.entries(questDbEnvironment({ ...inside, ...questDbUsers })).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
    // The server's user inside may not read our files; a variable without a value is taken from the client's environment.
    hidden: questDbEnvironment({
      'http.password': readSecret(secrets.questDb),
      'pg.password': readSecret(secrets.questDb),
      'pg.readonly.password': readSecret(secrets.questDbReader),
    }),
    args: [],
    onLine,
  });
}

/**
 * @param {import('./redis.mjs').RedisOptions} options
 * @returns {import('./server-process.mjs').ServerCommand}
 */
export function redisContainer({ port, passwordFile, args = [], onLine }) {
  return containerCommand({
    name: 'redis',
    container: `hindcast-redis-${port}`,
    image: redisImage,
    published: [[port, 6379]],
    mounts: [`${join(infraFolder, 'redis/redis.conf')}:/etc/redis.conf:ro`],
    options: ['--user', 'redis'],
    hidden: { REDIS_USERS: redisUserLine(readSecret(passwordFile)) },
    args: [
      ...['sh', '-c', 'printf %s "$REDIS_USERS" > /tmp/users.acl && exec "$@"', 'sh'],
      ...['redis-server', '/etc/redis.conf', '--port', '6379', '--bind', '0.0.0.0', '--aclfile', '/tmp/users.acl', ...args],
    ],
    onLine,
  });
}

/**
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.container
 * @param {string} options.image
 * @param {readonly (readonly [number, number])[]} options.published host's port on loopback, container's port
 * @param {readonly string[]} options.mounts
 * @param {readonly string[]} options.options
 * @param {Readonly<Record<string, string>>} options.hidden variables whose values must not stand on the command line
 * @param {readonly string[]} options.args
 * @param {(line: string) => void} [options.onLine]
 * @returns {import('./server-process.mjs').ServerCommand}
 */
function containerCommand({ name, container, image, published, mounts, options, hidden, args, onLine }) {
  return {
    name,
    command: 'docker',
    args: [
      ...['run', '--rm', '--init', '--name', container],
      ...published.flatMap(([host, inside]) => ['-p', `${loopback}:${host}:${inside}`]),
      ...mounts.flatMap((mount) => ['-v', mount]),
      ...options,
      ...Object.keys(hidden).flatMap((name) => ['-e', name]),
      image,
      ...args,
    ],
    env: hidden,
    onLine,
    afterKill: () => {
      try {
        execFileSync('docker', ['kill', container], { stdio: 'ignore', timeout: 10_000 });
      } catch {
        // It ended with its client after all.
      }
    },
  };
}
